/** Fields of forms about what runs. Empty ones are left to the appliance. */

interface FieldProps<Value> {
  name: string;
  label: string;
  hint: string;
  value: Value | null | undefined;
}

export function Text({ name, label, hint, value }: FieldProps<string>) {
  return (
    <label class="field">
      <span>{label}</span>
      <input name={name} autocomplete="off" placeholder={hint} defaultValue={value ?? ""} />
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
  return (
    <label class="field">
      <span>Runtime</span>
      <select name="runtime" defaultValue={value ?? "auto"}>
        {runtimes.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  );
}

export function Token({ isKept }: { isKept: boolean }) {
  return (
    <label class="field">
      <span>Hub token, for gated models</span>
      <input
        name="hf_token"
        type="password"
        autocomplete="off"
        placeholder={isKept ? "kept; type to replace it" : "none"}
      />
    </label>
  );
}
