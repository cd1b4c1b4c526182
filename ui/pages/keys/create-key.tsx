/** A new key: first what it is for, then, once and never again, the key itself. */
import { useSignal } from "@preact/signals";
import type { KeyScope, KeyView } from "../../../src/app/control-api.ts";
import { type Action, useAction } from "../../action.ts";
import { createKey } from "../../api.ts";
import { Copyable } from "../../copy.tsx";
import { Dialog } from "../../dialog.tsx";
import { Problem } from "../../notice.tsx";
import { modelsQuery } from "../../queries.ts";
import { useRemote } from "../../remote.ts";
import type { ResourceForm } from "../../resource-panel.tsx";
import { isAdmin } from "../../session.ts";
import { curlLine } from "../playground/request.ts";
import { KeyLimitFields, keyLimitsFrom } from "./change-key.tsx";

const day_ms = 86_400_000;
const lifetimes = [
  { days: 0, name: "Never" },
  { days: 7, name: "In 7 days" },
  { days: 30, name: "In 30 days" },
  { days: 90, name: "In 90 days" },
  { days: 365, name: "In a year" },
];

export function CreateKey({ close, saved }: Omit<ResourceForm<KeyView>, "of">) {
  const key = useSignal("");
  const creating = useAction(async (form: FormData) => {
    const days = Number(form.get("days"));
    const answer = await createKey({
      name: String(form.get("name")),
      scope: (form.get("scope") ?? "inference") as KeyScope,
      expires_at: days === 0 ? null : Date.now() + days * day_ms,
      ...keyLimitsFrom(form),
    });
    key.value = answer.key;
    saved();
  });
  // One dialog for both steps: a second one would not know where the focus came from.
  return (
    <Dialog title={key.value ? "Your new key" : "Create a key"} onClose={close}>
      {key.value ? (
        <KeyShown text={key.value} close={close} />
      ) : (
        <KeyForm creating={creating} close={close} />
      )}
    </Dialog>
  );
}

interface KeyFormProps {
  creating: Action<[FormData]>;
  close(): void;
}

function KeyForm({ creating, close }: KeyFormProps) {
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        creating.run(new FormData(event.currentTarget));
      }}
    >
      <label class="field">
        <span>Name</span>
        <input
          name="name"
          required
          maxLength={100}
          placeholder="What will use it"
          autocomplete="off"
        />
      </label>
      <label class="field">
        <span>Expires</span>
        <select name="days">
          {lifetimes.map(({ days, name }) => (
            <option key={days} value={days}>
              {name}
            </option>
          ))}
        </select>
      </label>
      {isAdmin.value && (
        <label class="field">
          <span>Scope</span>
          <select name="scope">
            <option value="inference">Inference: ask models</option>
            <option value="admin">Admin: the whole control API as well</option>
          </select>
        </label>
      )}
      <details>
        <summary>Limits</summary>
        <KeyLimitFields />
      </details>
      {creating.problem.value && <Problem problem={creating.problem.value} />}
      <div class="buttons">
        <button type="button" onClick={close}>
          Cancel
        </button>
        <button type="submit" class="primary" disabled={creating.busy.value}>
          {creating.busy.value ? "Creating…" : "Create key"}
        </button>
      </div>
    </form>
  );
}

function KeyShown({ text, close }: { text: string; close(): void }) {
  const models = useRemote(modelsQuery).data.value?.data ?? [];
  const model =
    (models.find(({ ready_replicas }) => ready_replicas > 0) ?? models[0])?.id ?? "MODEL";
  const body = { model, messages: [{ role: "user", content: "Hello!" }] };
  return (
    <>
      <p>Copy it now. Only its hash is kept here, so it is never shown again.</p>
      <Copyable label="Copy key" text={text} />
      <p>Try it in a shell:</p>
      <Copyable label="Copy command" text={curlLine(location.origin, text, body)} />
      <div class="buttons">
        <button type="button" class="primary" onClick={close}>
          Done
        </button>
      </div>
    </>
  );
}
