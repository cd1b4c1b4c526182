/**
 * Sleep in place as vLLM and SGLang do it, and as they fail at it. FAKE_FAILS: `keeps` gives no memory back
 * (vllm#47654), `garbles` wakes with damaged weights (torch_memory_saver#71), `wakeless` cannot wake (vllm#36753).
 */
import { hold } from "./gpu-memory.ts";

const awake_mib = 40_000;
const asleep_mib = 1_800;
const failure = process.env["FAKE_FAILS"] ?? "";

export interface Habits {
  /** Answers before the work is done, as vLLM's source says of itself. */
  hasty: boolean;
  /** Loses its weights while it sleeps. */
  forgets: boolean;
}

export class Sleeper {
  asleep = false;
  garbled = false;
  readonly #habits: Habits;

  constructor(habits: Habits) {
    this.#habits = habits;
    hold(awake_mib);
  }

  sleep(running: number): Promise<Response> {
    if (running > 0) {
      // vllm#45520: HTTP 200 while the engine dies; SGLang's scheduler fails an assertion.
      setTimeout(() => process.exit(1), 5);
      return Promise.resolve(new Response());
    }
    return this.#after(() => {
      this.asleep = true;
      if (failure !== "keeps") setTimeout(() => hold(asleep_mib), 50);
    });
  }

  wake(): Promise<Response> {
    if (failure === "wakeless") {
      return Promise.resolve(new Response("CUDA Error: out of memory", { status: 500 }));
    }
    hold(awake_mib);
    return this.#after(() => {
      this.asleep = false;
      this.garbled ||= this.#habits.forgets || failure === "garbles";
    });
  }

  async #after(work: () => void): Promise<Response> {
    const done = Bun.sleep(Number(process.env["FAKE_SLEEP_MS"] ?? 50)).then(work);
    if (!this.#habits.hasty) await done;
    return new Response();
  }

  /** vllm#15483: a request to a sleeping engine ends it. */
  asked(): void {
    if (!this.asleep) return;
    process.stderr.write("RuntimeError: CUDA error: an illegal memory access was encountered\n");
    process.exit(1);
  }
}
