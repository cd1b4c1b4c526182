/** A field for what is written but never read back. Left alone, it keeps what is there. */

interface SecretProps {
  name: string;
  label: string;
  isKept: boolean;
}

export function Secret({ name, label, isKept }: SecretProps) {
  return (
    <div>
      <label class="field">
        <span>{label}</span>
        <input
          name={name}
          type="password"
          autocomplete="new-password"
          placeholder={isKept ? "kept; type to replace it" : "none"}
        />
      </label>
      {isKept && (
        <label class="flag">
          <input name={removalOf(name)} type="checkbox" />
          Remove what is kept: {label}
        </label>
      )}
    </div>
  );
}

/** Undefined: it stays as it is. Empty: it goes. */
export function secretIn(form: FormData, name: string): string | undefined {
  const typed = String(form.get(name) ?? "").trim();
  if (typed !== "") return typed;
  return form.has(removalOf(name)) ? "" : undefined;
}

/** After it was sent. */
export function emptySecret(form: HTMLFormElement, name: string): void {
  for (const field of form.querySelectorAll<HTMLInputElement>("input")) {
    if (field.name === name) field.value = "";
    if (field.name === removalOf(name)) field.checked = false;
  }
}

const removalOf = (name: string): string => `${name}:remove`;
