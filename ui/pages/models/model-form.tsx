/** A new shared model, with a forecast as it is typed, or changes to one. */
import type { ModelChanges, ModelView } from "../../../src/app/control-api.ts";
import { Amount, Runtime, Text, Token } from "../../fields.tsx";
import { Forecast, useForecast } from "../../forecast.tsx";
import { Form } from "../../form.tsx";
import { addModel, changeModel, forecastModel } from "../../model-api.ts";
import type { ResourceForm } from "../../resource-panel.tsx";
import { bodyOf, changedBodyOf } from "./fields.ts";

export function ModelForm({ of, close, saved }: ResourceForm<ModelView>) {
  const forecast = useForecast((form) => forecastModel(bodyOf(form)));
  const shared = { saved, close, busy: "Looking at the model…" };
  if (of === "new") {
    return (
      <Form
        title="Add a model"
        {...shared}
        read={bodyOf}
        create={addModel}
        verb="Add model"
        onInput={(form) => forecast.ask(form, "source")}
      >
        <ModelFields of={null} />
        <Forecast of={forecast.answer.value} />
      </Form>
    );
  }
  const change = (changes: ModelChanges) => changeModel(of.model_id, changes);
  return (
    <Form title={`Change ${of.id}`} {...shared} read={changedBodyOf} change={change} verb="Save">
      <p>When what runs changes, half of its replicas start again at a time.</p>
      <ModelFields of={of} />
    </Form>
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
        <Text
          name="name"
          label="Name"
          hint="from the model"
          value={of?.id}
          required={of !== null}
        />
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
        <Amount
          name="concurrency"
          label="Requests at once"
          hint="4"
          value={of?.concurrency}
          min={1}
        />
      </div>
      <Token isKept={of?.has_hf_token ?? false} />
    </>
  );
}
