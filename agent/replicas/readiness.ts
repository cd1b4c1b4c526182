import type { RuntimeDriver } from "../runtimes/runtime.ts";
import { StartError } from "./start-error.ts";

export interface Awaited {
  port: number;
  model: string;
  timeout_ms: number;
  /** An earlier agent started it: it may be in the middle of its work. */
  adopted: boolean;
  /** Called when it is healthy and has to make its first token. */
  warming: () => void;
}

const poll_ms = 100;
const adopted_probe_ms = 5000;

/**
 * Waits until a runtime says that it is healthy and has made one token. "interrupted" when SIGNAL
 * aborts first; a Refusal when it takes longer than timeout_ms or answers the probe with an error.
 */
export async function becomeReady(
  driver: RuntimeDriver,
  awaited: Awaited,
  interrupt: AbortSignal,
): Promise<"ready" | "interrupted" | StartError> {
  const late = AbortSignal.timeout(awaited.timeout_ms);
  const signal = AbortSignal.any([interrupt, late]);
  try {
    while (!(await driver.ready(awaited.port, signal))) await pause(poll_ms, signal);
    awaited.warming();
    if (awaited.adopted) await probeAdopted(driver, awaited, signal);
    else await driver.probe(awaited.port, awaited.model, signal);
    return "ready";
  } catch (error) {
    if (interrupt.aborted) return "interrupted";
    if (late.aborted) {
      const seconds = Math.round(awaited.timeout_ms / 1000);
      return new StartError(
        "timeout",
        `It produced no token within ${seconds} s of its start.`,
        true,
      );
    }
    if (error instanceof StartError) return error;
    const sentence = error instanceof Error ? error.message : String(error);
    return new StartError("runtime_crash", sentence, true);
  }
}

/** Waits until no request is in flight, at most WITHIN_MS. */
export async function drained(
  driver: RuntimeDriver,
  port: number,
  within_ms: number,
): Promise<void> {
  const signal = AbortSignal.timeout(within_ms);
  try {
    while ((await driver.inFlight(port, signal)) > 0) await pause(poll_ms, signal);
  } catch {
    // Patience is over; what still runs is cut.
  }
}

/**
 * A runtime with all slots busy lets a probe wait for minutes, and must not be killed for that: work
 * in flight proves as much as a token does.
 */
async function probeAdopted(
  driver: RuntimeDriver,
  { port, model }: Awaited,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    if ((await driver.inFlight(port, signal)) > 0) return;
    const patience = AbortSignal.timeout(adopted_probe_ms);
    try {
      return await driver.probe(port, model, AbortSignal.any([signal, patience]));
    } catch (error) {
      signal.throwIfAborted();
      if (!patience.aborted) throw error;
    }
  }
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
