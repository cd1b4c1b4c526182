/** The fields that limit a key, a user or a team. */
import type { Limits } from "./limits.ts";

interface NumberFieldProps {
  name: string;
  label: string;
  value: number | null | undefined;
  step?: string;
  min?: number;
}

function NumberField({ name, label, value, step = "1", min = 1 }: NumberFieldProps) {
  return (
    <label class="field">
      <span>{label}</span>
      <input
        name={name}
        type="number"
        inputMode="decimal"
        min={min}
        step={step}
        placeholder="no limit"
        defaultValue={value === null || value === undefined ? "" : String(value)}
      />
    </label>
  );
}

export function LimitFields({ of }: { of?: Limits }) {
  return (
    <>
      <div class="fields-beside">
        <NumberField name="rpm_limit" label="Requests a minute" value={of?.rpm_limit} />
        <NumberField name="tpm_limit" label="Tokens a minute" value={of?.tpm_limit} />
      </div>
      <div class="fields-beside">
        <NumberField
          name="max_parallel_requests"
          label="Requests at once"
          value={of?.max_parallel_requests}
        />
        <NumberField
          name="monthly_budget"
          label="Budget a month"
          value={of?.monthly_budget}
          step="any"
          min={0}
        />
      </div>
      <label class="field">
        <span>Only these models</span>
        <input
          name="models"
          autocomplete="off"
          placeholder="all; else names, with commas between them"
          defaultValue={of?.models?.join(", ") ?? ""}
        />
      </label>
    </>
  );
}
