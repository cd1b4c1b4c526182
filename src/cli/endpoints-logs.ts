/** `hypervize endpoints logs`: what the server sends, line by line. */
import type { Client } from "./client.ts";
import type { Terminal, Words } from "./command.ts";

export async function printLogs(
  client: Client,
  path: string,
  words: Words,
  { out, err, stop }: Terminal,
): Promise<number> {
  const tail = words.integer("tail", 0, 1000) ?? 200;
  const follow = words.flag("follow");
  const replica = words.text("replica");
  const query = new URLSearchParams({
    tail: String(tail),
    ...(follow && { follow: "1" }),
    ...(replica !== undefined && { replica }),
  });
  const response = await client.open(`${path}/logs?${query}`, stop);
  try {
    for await (const line of lines(response)) {
      if (!follow) out(plain(line));
      else if (line.startsWith("data: ")) printEvent(line.slice(6), { out, err });
    }
  } catch (cause) {
    // Ctrl-C is how one leaves.
    if (!stop.aborted) throw new Error("The appliance ended the log. Ask again.", { cause });
  }
  return 0;
}

function printEvent(json: string, { out, err }: Pick<Terminal, "out" | "err">): void {
  const event = JSON.parse(json) as { replica: string; line?: string; detail?: string };
  if (event.line !== undefined) out(plain(`${event.replica} ${event.line}`));
  else err(plain(`${event.replica}: ${event.detail}`));
}

async function* lines(response: Response): AsyncGenerator<string> {
  let rest = "";
  for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
  if (rest !== "") yield rest;
}

/** A runtime's log must not command the terminal; tabs are fine. */
const plain = (line: string): string => line.replace(/[^\P{Cc}\t]/gu, "");
