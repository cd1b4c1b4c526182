import { freeBytes } from "./disk-room.ts";
import { HubWeights } from "./hub-weights.ts";

/**
 * The hub at ENDPOINT, Hugging Face's own without one, with what lies of it in FOLDER. Throws an
 * Error with a sentence for an endpoint that is no address.
 */
export function openHubWeights(folder: string, endpoint: string | undefined): Promise<HubWeights> {
  const address = (endpoint || "https://huggingface.co").replace(/\/+$/, "");
  if (!/^https?:$/.test(URL.parse(address)?.protocol ?? "")) {
    throw new Error("HF_ENDPOINT is the address of a model hub, such as https://huggingface.co.");
  }
  const hub = { endpoint: address, patience_ms: 30_000, now: Date.now, random: Math.random, pause };
  return HubWeights.open({ folder, hub, freeBytes, report_every_ms: 1000 });
}

function pause(duration_ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((settle, fail) => {
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
