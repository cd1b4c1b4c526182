/** A new model of the pool, with a forecast as it is typed, or changes to one. */
import type { ModelView } from "../../../src/http.ts";
import { useAction } from "../../action.ts";
import { Dialog } from "../../dialog.tsx";
import { Amount, Runtime, Text, Token } from "../../fields.tsx";
import { Forecast, useForecast } from "../../forecast.tsx";
import { addModel, changeModel, forecastModel } from "../../model-api.ts";
import { Problem } from "../../notice.tsx";
import { bodyOf, changesOf } from "./fields.ts";

interface ModelFormProps {
  of: ModelView | "new";
  close(): void;
  saved(): void;
}

export function ModelForm({ of, close, saved }: ModelFormProps) {
  const known = of === "new" ? null : of;
  const saving = useAction(async (form: FormData) => {
    await (known ? changeModel(known.model_id, changesOf(form, known)) : addModel(bodyOf(form)));
    saved();
    close();
  });
  const forecast = useForecast((form) => forecastModel(bodyOf(form)));
  return (
    <Dialog title={known ? `Change ${known.id}` : "Add a model"} onClose={close}>
      <form
        onInput={(event) => {
          if (!known) forecast.ask(new FormData(event.currentTarget), "source");
        }}
        onSubmit={(event) => {
          event.preventDefault();
          saving.run(new FormData(event.currentTarget));
        }}
      >
        {known && <p>When what runs changes, half of its replicas start again at a time.</p>}
        <ModelFields of={known} />
        {!known && <Forecast of={forecast.answer.value} />}
        {saving.problem.value && <Problem problem={saving.problem.value} />}
        <div class="buttons">
          <button type="button" onClick={close}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={saving.busy.value}>
            {saving.busy.value ? "Looking at the model…" : known ? "Save" : "Add model"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function ModelFields({ of }: { of: ModelView | null }) {
  return (
    <>
      <label class="field">
        <span>Model</span>
        <input
          name="source"
          required
          autocomplete="off"
          placeholder="org/model:Q4_K_M or file:///models/model.gguf"
          defaultValue={of?.asked.source ?? ""}
        />
      </label>
      <div class="fields-beside">
        <Text name="name" label="Name" hint="from the model" value={of?.id} />
        <Text name="revision" label="Revision" hint="the newest" value={of?.asked.revision} />
      </div>
      <div class="fields-beside">
        <Runtime value={of?.asked.runtime} />
        <Amount
          name="replicas"
          label="Replicas"
          hint="on every host"
          value={of?.replicas}
          min={0}
        />
      </div>
      <div class="fields-beside">
        <Text name="gpu_type" label="GPU type" hint="any" value={of?.gpu.type} />
        <Amount name="gpu_count" label="GPUs" hint="as needed" value={of?.gpu.count} min={1} />
      </div>
      <div class="fields-beside">
        <Amount
          name="context_tokens"
          label="Context, tokens"
          hint="fitting"
          value={of?.asked.context_tokens}
          min={256}
        />
        <Amount name="slots" label="Requests at once" hint="4" value={of?.slots} min={1} />
      </div>
      <Token isKept={of?.has_hf_token ?? false} />
    </>
  );
}
