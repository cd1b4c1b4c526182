/** The fields of a new or changed endpoint. Empty ones are left to the appliance. */
import type { EndpointView } from "../../../src/http.ts";

const runtimes = ["auto", "llama-server", "vllm", "sglang"];

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
        <Text name="name" label="Name" hint="from the model" value={of?.name} />
        <label class="field">
          <span>Runtime</span>
          <select name="runtime" defaultValue={of?.runtime ?? "auto"}>
            {runtimes.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      </div>
      <div class="fields-beside">
        <Text name="gpu_type" label="GPU type" hint="any" value={of?.gpu.type} />
        <Amount name="gpu_count" label="GPUs" hint="as needed" value={of?.gpu.count} min={1} />
      </div>
      <div class="fields-beside">
        <Amount name="context" label="Context, tokens" hint="fitting" value={of?.context} min={1} />
        <Amount
          name="concurrency"
          label="Requests at once"
          hint="4"
          value={of?.concurrency}
          min={1}
        />
      </div>
      <label class="field">
        <span>Hub token, for gated models</span>
        <input
          name="hf_token"
          type="password"
          autocomplete="off"
          placeholder={of?.has_hf_token ? "kept; type to replace it" : "none"}
        />
      </label>
    </>
  );
}

export function ScaleFields({ of }: { of?: EndpointView }) {
  const idle = of?.idle_timeout_s;
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
          hint="15"
          value={idle === null || idle === undefined ? null : idle / 60}
          min={0}
        />
        <label class="field">
          <span>A request while it sleeps</span>
          <select name="cold_start" defaultValue={of?.cold_start ?? "hold"}>
            <option value="hold">waits for the wake</option>
            <option value="fail">fails with 503 at once</option>
          </select>
        </label>
      </div>
      <label class="field">
        <span>Who may use it</span>
        <select name="visibility" defaultValue={of?.visibility ?? "private"}>
          <option value="private">Only its owner and admins</option>
          <option value="team">Every member</option>
          <option value="public">Everybody with a key or a login</option>
        </select>
      </label>
    </>
  );
}

interface FieldProps<Value> {
  name: string;
  label: string;
  hint: string;
  value: Value | null | undefined;
}

function Text({ name, label, hint, value }: FieldProps<string>) {
  return (
    <label class="field">
      <span>{label}</span>
      <input name={name} autocomplete="off" placeholder={hint} defaultValue={value ?? ""} />
    </label>
  );
}

function Amount({ name, label, hint, value, min }: FieldProps<number> & { min: number }) {
  return (
    <label class="field">
      <span>{label}</span>
      <input
        name={name}
        type="number"
        min={min}
        step="any"
        placeholder={hint}
        defaultValue={value ?? ""}
      />
    </label>
  );
}
