/** A choice that shows what is stored, also when that is none of the choices. */

interface SelectProps {
  name: string;
  label: string;
  value: string;
  /** Values, or values with what they are called. */
  choices: readonly (string | readonly [value: string, text: string])[];
}

export function Select({ name, label, value, choices }: SelectProps) {
  const pairs = choices.map((choice) =>
    typeof choice === "string" ? ([choice, choice] as const) : choice,
  );
  const all = pairs.some(([each]) => each === value) ? pairs : [[value, value] as const, ...pairs];
  return (
    <label class="field">
      <span>{label}</span>
      <select name={name}>
        {all.map(([each, text]) => (
          // Preact has no `defaultValue` for a select, which made it show its first option. `selected` alone would be
          // lost when the form is reset.
          <option key={each} value={each} {...{ defaultSelected: each === value }}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
