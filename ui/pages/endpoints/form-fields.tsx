/** The fields of a new or changed endpoint. Empty ones are left to the appliance. */
import type { EndpointView } from "../../../src/app/control-api.ts";
import { Amount, Runtime, Text, Token } from "../../fields.tsx";
import { Select } from "../../select.tsx";

const cold_starts = [
  ["hold", "waits for the wake"],
  ["fail", "fails with 503 at once"],
] as const;
const visibilities = [
  ["private", "Only its owner and admins"],
  ["team", "Every member"],
  ["public", "Everybody with a key or a login"],
] as const;

export function ModelFields({ of }: { of?: EndpointView }) {
  return (
    <>
      <label class="field">
        <span>Model</span>
        <input
          name="model"
          required
          autocomplete="off"
          placeholder="org/model:Q4_K_M, s3://bucket/folder or file:///models/model.gguf"
          defaultValue={of?.model ?? ""}
        />
      </label>
      <div class="fields-beside">
        <Text
          name="name"
          label="Name"
          hint="from the model"
          value={of?.name}
          required={of !== undefined}
        />
        <Runtime value={of?.runtime} />
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
          value={of?.context_tokens}
          min={1}
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

export function ScaleFields({ of }: { of?: EndpointView }) {
  const idle = of?.idle_timeout_s;
  const l1 = of?.l1_timeout_s;
  return (
    <>
      <div class="fields-beside">
        <Amount
          name="min_replicas"
          label="Replicas, least"
          hint="0: may sleep"
          value={of?.min_replicas}
          min={0}
        />
        <Amount
          name="max_replicas"
          label="Replicas, most"
          hint="1"
          value={of?.max_replicas}
          min={1}
        />
      </div>
      <div class="fields-beside">
        <Amount
          name="idle_minutes"
          label="Sleeps after, minutes"
          hint={of ? "never" : "15"}
          value={idle === null || idle === undefined ? null : idle / 60}
          min={0}
        />
        <Amount
          name="l1_minutes"
          label={of ? "Sleep in place, minutes (0: off)" : "Sleep in place, minutes"}
          hint={of ? "unlimited" : "off"}
          value={l1 === null || l1 === undefined ? null : l1 / 60}
          min={0}
        />
      </div>
      <Select
        label="A request while it sleeps"
        name="cold_start"
        value={of?.cold_start ?? "hold"}
        choices={cold_starts}
      />
      <Select
        label="Who may use it"
        name="visibility"
        value={of?.visibility ?? "private"}
        choices={visibilities}
      />
    </>
  );
}
