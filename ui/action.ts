/** Something that a person asked for: whether it is under way, and what went wrong with it. */
import { type ReadonlySignal, useSignal } from "@preact/signals";
import { type ApiProblem, asProblem } from "./api.ts";

export interface Action<Input extends unknown[]> {
  busy: ReadonlySignal<boolean>;
  problem: ReadonlySignal<ApiProblem | undefined>;
  run(...input: Input): void;
}

/** A second press while the first is under way does nothing. */
export function useAction<Input extends unknown[]>(
  act: (...input: Input) => Promise<void>,
): Action<Input> {
  const busy = useSignal(false);
  const problem = useSignal<ApiProblem | undefined>(undefined);
  async function run(...input: Input): Promise<void> {
    if (busy.value) return;
    busy.value = true;
    problem.value = undefined;
    try {
      await act(...input);
    } catch (error) {
      problem.value = asProblem(error);
    }
    busy.value = false;
  }
  return { busy, problem, run: (...input) => void run(...input) };
}
