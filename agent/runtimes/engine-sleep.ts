/**
 * Sleep in place of vLLM and SGLang.
 *
 * vLLM (`entrypoints/serve/dev/sleep/api_router.py`, `docs/features/sleep_mode.md`, 0.12 to 0.30): needs
 * `--enable-sleep-mode` and the developer mode; level 1 keeps the weights in the host's memory. The answer 200 can come
 * before the work is done, as its source says, so /is_sleeping is asked until it agrees.
 * SGLang (`entrypoints/http_server.py`, `server_args.py`, from 0.5.3): needs `--enable-memory-saver`, and
 * `--enable-weights-cpu-backup` (sglang#10873), without which the weights would be gone. It has no question for it.
 */
import { type EngineName, requestsOf, sglangLoad } from "./engine-load.ts";
import { guard_header } from "./guard.ts";
import { askLoopback } from "./loopback.ts";
import type { SleepControl } from "./runtime.ts";

const poll_ms = 100;

/** KEY: of the guard before its routes. */
function vllmSleep(key: string): SleepControl {
  const order = (port: number, path: string, signal: AbortSignal) =>
    told("vLLM", port, path, signal, { [guard_header]: key });
  const becomes = async (asleep: boolean, port: number, signal: AbortSignal): Promise<void> => {
    const headers = { [guard_header]: key };
    for (;;) {
      const { body } = await askLoopback(port, "/is_sleeping", signal, undefined, headers);
      if (new RegExp(`"is_sleeping"\\s*:\\s*${asleep}`).test(body)) return;
      await Bun.sleep(poll_ms);
    }
  };
  return {
    idle: async (port, signal) => (await requestsOf("vllm", port, signal)) === 0,
    async sleep(port, signal) {
      await order(port, "/sleep?level=1", signal);
      await becomes(true, port, signal);
    },
    async wake(port, signal) {
      await order(port, "/wake_up", signal);
      await becomes(false, port, signal);
    },
    probeText,
  };
}

const sglangSleep: SleepControl = {
  async idle(port, signal) {
    const load = await sglangLoad(port, signal);
    return (load ?? (await requestsOf("sglang", port, signal))) === 0;
  },
  sleep: (port, signal) => told("SGLang", port, "/release_memory_occupation", signal),
  wake: (port, signal) => told("SGLang", port, "/resume_memory_occupation", signal),
  probeText,
};

export const sleepOf = (engine: EngineName, key: string): SleepControl =>
  engine === "vllm" ? vllmSleep(key) : sglangSleep;

async function told(
  name: string,
  port: number,
  path: string,
  signal: AbortSignal,
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { status } = await askLoopback(port, path, signal, {}, headers);
  if (status !== 200) throw new Error(`${name} answered ${path} with HTTP ${status}.`);
}

/** So plain that a sound model is sure of every next word, whatever its numerics. */
const counting = "1 2 3 4 5 6 7 8 9 10 11 12";

/** Empty for a model that continues no text, such as one for embeddings. */
async function probeText(port: number, model: string, signal: AbortSignal): Promise<string> {
  const asked = { model, prompt: counting, max_tokens: 8, temperature: 0 };
  const { status, body } = await askLoopback(port, "/v1/completions", signal, asked);
  if (status >= 500) throw new Error(`It answered a fixed request with HTTP ${status}.`);
  if (status !== 200) return "";
  const { choices } = JSON.parse(body) as { choices?: { text?: string }[] };
  return choices?.[0]?.text ?? "";
}
