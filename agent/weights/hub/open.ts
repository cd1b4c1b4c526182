import { join } from "node:path";
import { diskOf } from "./disk-room.ts";
import { HubWeights, type HubWeightsTools } from "./hub-weights.ts";

type Env = Readonly<Record<string, string | undefined>>;
type Parts = Pick<HubWeightsTools, "needed" | "evicts" | "peers" | "log">;

/**
 * The hub at HF_ENDPOINT, Hugging Face's own without one, with what lies of it in FOLDER. Throws an
 * Error with a sentence for an endpoint that is no address.
 */
export function openHubWeights(folder: string, env: Env, parts: Parts): Promise<HubWeights> {
  const address = (env["HF_ENDPOINT"] || "https://huggingface.co").replace(/\/+$/, "");
  if (!/^https?:$/.test(URL.parse(address)?.protocol ?? "")) {
    throw new Error("HF_ENDPOINT is the address of a model hub, such as https://huggingface.co.");
  }
  const hub = { endpoint: address, patience_ms: 30_000, now: Date.now, random: Math.random, pause };
  return HubWeights.open({
    folder,
    hub,
    disk: diskOf,
    report_every_ms: 1000,
    records_folder: join(folder, ".records"),
    ...parts,
  });
}

/** For who has no fleet around. */
export const noPeers: Parts["peers"] = { begin: () => undefined };

/** The cache that people of this machine have already, by huggingface_hub's variables; undefined without them. */
export function sharedCache({ HF_HUB_CACHE, HF_HOME }: Env): string | undefined {
  return HF_HUB_CACHE || (HF_HOME ? join(HF_HOME, "hub") : undefined);
}

function pause(duration_ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((settle, fail) => {
    signal.throwIfAborted();
    const stop = () => {
      clearTimeout(timer);
      fail(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      settle();
    }, duration_ms);
    signal.addEventListener("abort", stop, { once: true });
  });
}
