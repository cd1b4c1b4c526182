import { proxyFor } from "../../contract/proxy.ts";
import { type Judgement, ok, warn } from "../finding.ts";
import type { Host } from "../host.ts";

type Env = Readonly<Record<string, string | undefined>>;

export interface HubSigns {
  /** Of HF_ENDPOINT, or Hugging Face's own. */
  endpoint: string;
  /** The proxy on the way; undefined for none. */
  proxy: string | undefined;
  /** The status of an answer, or why there was none; null where nothing is set, and nothing was asked. */
  answer: number | string | null;
}

export async function probeHub(host: Host, env: Env): Promise<HubSigns> {
  const named = env["HF_ENDPOINT"];
  const endpoint = named || "https://huggingface.co";
  const proxy = proxyFor(endpoint, env);
  const answer = named || proxy ? await host.asks(endpoint, proxy) : null;
  return { endpoint, proxy, answer };
}

export function judgeHub({ endpoint, proxy, answer }: HubSigns): Judgement {
  if (answer === null) {
    return ok("Neither HF_ENDPOINT nor a proxy is set; the hub was not asked.");
  }
  const hub = placeOf(endpoint);
  const way = proxy === undefined ? hub : `${hub} through the proxy ${placeOf(proxy)}`;
  if (answer === 407) {
    return warn(`${way}: the proxy wants a name and a password.`, "Put them into its address.");
  }
  if (typeof answer === "number" && answer < 500) return ok(`${way} answers.`);
  const what = typeof answer === "number" ? `answers with status ${answer}` : `fails: ${answer}`;
  return warn(
    `${way} ${what}.`,
    "Correct HF_ENDPOINT or the proxy in the agent's environment (systemctl edit hypervize-agent). Models that lie here already start without it.",
  );
}

/** An address may hold a password. */
const placeOf = (address: string): string => {
  const url = URL.parse(address.includes("://") ? address : `http://${address}`);
  return url ? `${url.protocol}//${url.host}` : "that is no address";
};
