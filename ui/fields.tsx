/** Fields of forms about what runs. Empty ones are left to the appliance. */
import { Secret } from "./secret.tsx";
import { Select } from "./select.tsx";

interface FieldProps<Value> {
  name: string;
  label: string;
  hint: string;
  value: Value | null | undefined;
}

/** REQUIRED: what cannot be left to the appliance any more. */
export function Text({
  name,
  label,
  hint,
  value,
  required = false,
}: FieldProps<string> & { required?: boolean }) {
  return (
    <label class="field">
      <span>{label}</span>
      <input
        name={name}
        autocomplete="off"
        required={required}
        placeholder={hint}
        defaultValue={value ?? ""}
      />
    </label>
  );
}

export function Amount({ name, label, hint, value, min }: FieldProps<number> & { min: number }) {
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

const runtimes = ["auto", "llama-server", "vllm", "sglang"];

export function Runtime({ value }: { value: string | undefined }) {
  return <Select label="Runtime" name="runtime" value={value ?? "auto"} choices={runtimes} />;
}

export function Token({ isKept }: { isKept: boolean }) {
  return <Secret name="hf_token" label="Hub token, for gated models" isKept={isKept} />;
}
