/** One group of settings: its fields, Save, and where it makes sense a test. */
import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import type { SettingsBody } from "../../../src/app/control-api.ts";
import { useAction } from "../../action.ts";
import { changesIn } from "../../changes.ts";
import { testChannel, writeSettings } from "../../dedicated-api.ts";
import { Problem } from "../../notice.tsx";
import { Panel } from "../../panel.tsx";
import { emptySecret, Secret } from "../../secret.tsx";
import { Select } from "../../select.tsx";
import { valuesOf } from "./values.ts";

export type Group = keyof SettingsBody;

export type Field<Of extends Group = Group> = {
  name: Of extends Group ? keyof NonNullable<SettingsBody[Of]> & string : never;
  label: string;
} & (
  | { kind: "flag"; value: boolean }
  | { kind: "number"; value: number }
  | { kind: "choice"; value: string; choices: readonly string[] }
  | { kind: "secret"; isKept: boolean }
  | { kind: "text" | "lines" | "long"; value: string }
);

interface SettingsFormProps<Of extends Group> {
  title: string;
  group: Of;
  fields: readonly Field<NoInfer<Of>>[];
  test?: "mail" | "webhook";
}

export function SettingsForm<Of extends Group>({
  title,
  group,
  fields,
  test,
}: SettingsFormProps<Of>) {
  const said = useSignal("");
  const saving = useAction(async (form: HTMLFormElement) => {
    said.value = "";
    const changes = changesIn(form, (filled) => valuesOf(filled, fields));
    if (Object.keys(changes).length > 0) await writeSettings({ [group]: changes } as SettingsBody);
    // What was typed is kept now; the next save must not send it again.
    for (const { name, kind } of fields) if (kind === "secret") emptySecret(form, name);
    said.value = "Saved.";
  });
  const testing = useAction(async () => {
    if (!test) return;
    said.value = "";
    said.value = (await testChannel(test)).detail || "Accepted.";
  });
  const problem = saving.problem.value ?? testing.problem.value;
  return (
    <Panel title={title}>
      <form
        class="settings-form"
        onSubmit={(event) => {
          event.preventDefault();
          saving.run(event.currentTarget);
        }}
      >
        {fields.map((field) => (
          <FieldInput key={field.name} field={field} />
        ))}
        {problem && <Problem problem={problem} />}
        <div class="buttons">
          <span role="status">{said}</span>
          {test && (
            <button type="button" disabled={testing.busy.value} onClick={() => testing.run()}>
              {testing.busy.value ? "Sending…" : "Send test"}
            </button>
          )}
          <button type="submit" class="primary" disabled={saving.busy.value}>
            {saving.busy.value ? "Saving…" : "Save"}
          </button>
        </div>
      </form>
    </Panel>
  );
}

function FieldInput({ field }: { field: Field }) {
  const id = useId();
  if (field.kind === "flag") {
    return (
      <label class="flag">
        <input type="checkbox" name={field.name} defaultChecked={field.value} />
        <span>{field.label}</span>
      </label>
    );
  }
  if (field.kind === "choice") return <Select {...field} />;
  if (field.kind === "secret") return <Secret {...field} />;
  return (
    <div class="field">
      <label for={id}>{field.label}</label>
      <Input field={field} id={id} />
    </div>
  );
}

function Input({
  field,
  id,
}: {
  field: Exclude<Field, { kind: "flag" | "choice" | "secret" }>;
  id: string;
}) {
  const { name, value } = field;
  switch (field.kind) {
    case "lines":
    case "long":
      return <textarea id={id} name={name} rows={3} defaultValue={String(value)} />;
    case "number":
      return <input id={id} name={name} type="number" required defaultValue={String(value)} />;
    case "text":
      return <input id={id} name={name} autocomplete="off" defaultValue={String(value)} />;
  }
}
