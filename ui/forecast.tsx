/** Whether and where what a form asks for would fit, as it is typed. */
import { useSignal } from "@preact/signals";
import type { DryRunView } from "../src/app/control-api.ts";
import { type ApiProblem, asProblem } from "./api.ts";
import { bytes, count } from "./format.ts";

const typing_ms = 500;

type Answer = { view: DryRunView } | { problem: ApiProblem } | "asking" | null;

/** Asks when the typing has paused; an answer to an older question is dropped. */
export function useForecast(dryRun: (form: FormData) => Promise<DryRunView>) {
  const answer = useSignal<Answer>(null);
  const asked = useSignal(0);
  async function look(form: FormData, number: number): Promise<void> {
    answer.value = "asking";
    const found: Answer = await dryRun(form).then(
      (view) => ({ view }),
      (error: unknown) => ({ problem: asProblem(error) }),
    );
    if (asked.value === number) answer.value = found;
  }
  return {
    answer,
    /** FIELD: where the model is named; while that is short, nothing is asked. */
    ask(form: FormData, field: string): void {
      const number = asked.value + 1;
      asked.value = number;
      if (String(form.get(field) ?? "").length < 3) return;
      setTimeout(() => {
        if (asked.value === number) void look(form, number);
      }, typing_ms);
    },
  };
}

export function Forecast({ of }: { of: Answer }) {
  if (!of) return <p class="forecast detail">Name a model to see whether it fits.</p>;
  if (of === "asking") return <p class="forecast detail">Looking at the model…</p>;
  if ("problem" in of) return <p class="sentence bad">{of.problem.message}</p>;
  const { sizing, placement, refused, would_stop, warnings } = of.view;
  const stops = would_stop.map(({ model, host_name }) => `${model} on ${host_name}`).join(", ");
  return (
    <div class="forecast" role="status">
      {sizing && (
        <p>
          Weights {bytes(sizing.weights_bytes_per_gpu)}, cache{" "}
          {bytes(sizing.kv_needed_bytes_per_gpu)} for {count(sizing.concurrency)} ×{" "}
          {count(sizing.context)} tokens.
        </p>
      )}
      {placement && <p class="good">{placement.why}</p>}
      {stops && <p>To make room, these stop first: {stops}.</p>}
      {refused && (
        <p class="bad">
          {refused.detail} {refused.nearest}
        </p>
      )}
      {warnings.map((warning) => (
        <p key={warning} class="detail">
          {warning}
        </p>
      ))}
    </div>
  );
}
