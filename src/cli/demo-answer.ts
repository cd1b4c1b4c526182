/** The demo's proof: one chat completion, and the file and text that tell how to get the next one. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fetchOwn, isProxied } from "../../agent/contract/proxy.ts";
import { environment } from "../app/config.ts";
import { writeDurably } from "../control/storage/durable-files.ts";

export interface Demo {
  url: string;
  api_key: string;
  admin_email: string;
  admin_password: string;
  model: string;
  /** Of the appliance: gateway, control plane and dashboard. */
  pid: number;
  agent_port: number;
}

export function readDemo(home: string): Demo | undefined {
  try {
    return JSON.parse(readFileSync(join(home, "demo.json"), "utf8")) as Demo;
  } catch {
    return undefined;
  }
}

export function writeDemo(home: string, demo: Demo): void {
  writeDurably(join(home, "demo.json"), `${JSON.stringify(demo, null, 2)}\n`);
}

const question = "Who are you?";

/** Asks the demo model over HTTP, as any client would. */
export async function chatOnce(demo: Demo): Promise<string> {
  const response = await fetchOwn(`${demo.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${demo.api_key}`, "content-type": "application/json" },
    body: JSON.stringify({
      model: demo.model,
      temperature: 0,
      messages: [{ role: "user", content: question }],
    }),
  });
  const answer = (await response.json()) as {
    choices?: { message: { content: string } }[];
    error?: { message: string };
  };
  const text = answer.choices?.[0]?.message.content;
  if (!text)
    throw new Error(`The first completion failed: ${answer.error?.message ?? response.status}`);
  return text;
}

export function summary(demo: Demo, answer: string): string {
  // curl takes a proxy of the environment for this machine, too.
  const directly = isProxied(environment()) ? "--noproxy '*' " : "";
  return `
  You asked    ${question}
  It answered  ${answer}

  Dashboard    ${demo.url}
  Login        ${demo.admin_email}  ${demo.admin_password}
  API key      ${demo.api_key}

  curl ${directly}${demo.url}/v1/chat/completions \\
    -H "authorization: Bearer ${demo.api_key}" -H "content-type: application/json" \\
    -d '{"model":"${demo.model}","messages":[{"role":"user","content":"Hello"}]}'
`;
}
