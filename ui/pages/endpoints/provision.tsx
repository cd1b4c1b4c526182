/** A new endpoint: what to run, and, as it is typed, whether and where it would fit. */
import { useSignal } from "@preact/signals";
import type { DryRunView, EndpointView } from "../../../src/http.ts";
import { useAction } from "../../action.ts";
import { type ApiProblem, asProblem } from "../../api.ts";
import { dryRun, provision } from "../../dedicated-api.ts";
import { Dialog } from "../../dialog.tsx";
import { bytes, count } from "../../format.ts";
import { Problem } from "../../notice.tsx";
import { bodyOf } from "./fields.ts";
import { ModelFields, ScaleFields } from "./form-fields.tsx";

interface ProvisionProps {
  close(): void;
  done(endpoint: EndpointView): void;
}

const typing_ms = 500;

export function Provision({ close, done }: ProvisionProps) {
  const creating = useAction(async (form: FormData) => done(await provision(bodyOf(form))));
  const forecast = useForecast();
  return (
    <Dialog title="New endpoint" onClose={close}>
      <form
        onInput={(event) => forecast.ask(new FormData(event.currentTarget))}
        onSubmit={(event) => {
          event.preventDefault();
          creating.run(new FormData(event.currentTarget));
        }}
      >
        <ModelFields />
        <ScaleFields />
        <Forecast of={forecast.answer.value} />
        {creating.problem.value && <Problem problem={creating.problem.value} />}
        <div class="buttons">
          <button type="button" onClick={close}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={creating.busy.value}>
            {creating.busy.value ? "Looking at the model…" : "Create endpoint"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

type Answer = { view: DryRunView } | { problem: ApiProblem } | null;

/** Asks when the typing has paused; an answer to an older question is dropped. */
function useForecast() {
  const answer = useSignal<Answer>(null);
  const asked = useSignal(0);
  async function look(form: FormData, number: number): Promise<void> {
    const found: Answer = await dryRun(bodyOf(form)).then(
      (view) => ({ view }),
      (error: unknown) => ({ problem: asProblem(error) }),
    );
    if (asked.value === number) answer.value = found;
  }
  return {
    answer,
    ask(form: FormData): void {
      const number = asked.value + 1;
      asked.value = number;
      if (String(form.get("model") ?? "").length < 3) return;
      setTimeout(() => {
        if (asked.value === number) void look(form, number);
      }, typing_ms);
    },
  };
}

function Forecast({ of }: { of: Answer }) {
  if (!of) return <p class="hint">Name a model to see whether it fits.</p>;
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
