/** One group of settings: its fields, Save, and where it makes sense a test. */
import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import { useAction } from "../../action.ts";
import { testChannel, writeSettings } from "../../dedicated-api.ts";
import { Problem } from "../../notice.tsx";
import { Panel } from "../../panel.tsx";
import { valuesOf } from "./values.ts";

export type Field = { name: string; label: string } & (
  | { kind: "flag"; value: boolean }
  | { kind: "number"; value: number }
  | { kind: "choice"; value: string; choices: readonly string[] }
  /** VALUE says what is there now; an empty field keeps it. */
  | { kind: "text" | "secret" | "lines" | "long"; value: string }
);

interface SettingsFormProps {
  title: string;
  group: string;
  fields: readonly Field[];
  test?: "mail" | "webhook";
}

export function SettingsForm({ title, group, fields, test }: SettingsFormProps) {
  const said = useSignal("");
  const saving = useAction(async (form: FormData) => {
    said.value = "";
    await writeSettings({ [group]: valuesOf(form, fields) });
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
          saving.run(new FormData(event.currentTarget));
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
  return (
    <div class="field">
      <label for={id}>{field.label}</label>
      <Input field={field} id={id} />
    </div>
  );
}

function Input({ field, id }: { field: Exclude<Field, { kind: "flag" }>; id: string }) {
  const { name, value } = field;
  switch (field.kind) {
    case "choice":
      return (
        <select id={id} name={name} defaultValue={field.value}>
          {field.choices.map((choice) => (
            <option key={choice}>{choice}</option>
          ))}
        </select>
      );
    case "lines":
    case "long":
      return <textarea id={id} name={name} rows={3} defaultValue={String(value)} />;
    case "secret":
      return (
        <input
          id={id}
          name={name}
          type="password"
          autocomplete="new-password"
          placeholder={String(value)}
        />
      );
    case "number":
      return <input id={id} name={name} type="number" required defaultValue={String(value)} />;
    case "text":
      return <input id={id} name={name} autocomplete="off" defaultValue={String(value)} />;
  }
}
