/** Further names for models: shares for canaries, and what to fall back to. */
import { useSignal } from "@preact/signals";
import type { AliasBody, AliasChanges, AliasView } from "../../../src/app/control-api.ts";
import { Badge } from "../../badge.tsx";
import { Confirm } from "../../confirm.tsx";
import { Dialog } from "../../dialog.tsx";
import { Form } from "../../form.tsx";
import { changeAlias, createAlias, removeAlias } from "../../gateway-api.ts";
import { Empty, Loaded } from "../../notice.tsx";
import { Panel } from "../../panel.tsx";
import { aliasesQuery } from "../../queries.ts";
import { useRemote } from "../../remote.ts";
import { targetsFrom, targetsText, wordsOf } from "./lines.ts";

export function AliasPanel() {
  const aliases = useRemote(aliasesQuery);
  /** `new`, or the one that is changed. */
  const editing = useSignal<AliasView | "new" | null>(null);
  const removing = useSignal<AliasView | null>(null);
  return (
    <Panel
      title="Aliases"
      flush
      aside={
        <button type="button" class="small" onClick={() => (editing.value = "new")}>
          Add alias
        </button>
      }
    >
      <Loaded from={aliases} what="aliases">
        {({ data }) =>
          data.length === 0 ? (
            <Empty title="No alias yet">
              <p>
                An alias is a name that applications keep while you change what answers: one model,
                several in shares, or one with others to fall back to.
              </p>
            </Empty>
          ) : (
            <AliasTable
              aliases={data}
              change={(one) => (editing.value = one)}
              remove={(one) => (removing.value = one)}
            />
          )
        }
      </Loaded>
      {editing.value && (
        <AliasForm
          of={editing.value}
          close={() => (editing.value = null)}
          saved={aliases.refresh}
        />
      )}
      {removing.value && (
        <Confirm
          title={`Remove the alias ${removing.value.name}?`}
          verb="Remove alias"
          act={async () => {
            if (removing.value) await removeAlias(removing.value.id);
            removing.value = null;
            aliases.refresh();
          }}
          close={() => (removing.value = null)}
        >
          Applications that ask for it get 404 from then on. The models stay.
        </Confirm>
      )}
    </Panel>
  );
}

interface AliasTableProps {
  aliases: readonly AliasView[];
  change(one: AliasView): void;
  remove(one: AliasView): void;
}

function AliasTable({ aliases, change, remove }: AliasTableProps) {
  return (
    <table>
      <thead>
        <tr>
          <th>Name</th>
          <th>Answered by</th>
          <th>Falls back to</th>
          <th>
            <span class="unseen">Action</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {aliases.map((one) => (
          <tr key={one.id}>
            <td data-label="Name">
              <strong>{one.name}</strong>
            </td>
            <td data-label="Answered by">
              <span>
                {shares(one)} {one.missing.length > 0 && <Missing names={one.missing} />}
              </span>
            </td>
            <td data-label="Falls back to">{one.fallbacks.join(", ") || "–"}</td>
            <td class="row-action">
              <button
                type="button"
                class="small"
                aria-label={`Change ${one.name}`}
                onClick={() => change(one)}
              >
                Change
              </button>{" "}
              <button
                type="button"
                class="small"
                aria-label={`Remove ${one.name}`}
                onClick={() => remove(one)}
              >
                Remove
              </button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Missing({ names }: { names: readonly string[] }) {
  return <Badge tone="warn">{`${names.join(", ")} missing`}</Badge>;
}

function shares({ targets }: AliasView): string {
  const sum = targets.reduce((total, { weight }) => total + weight, 0);
  if (targets.length === 1) return targets[0]?.model ?? "";
  return targets
    .map(({ model, weight }) => `${model} ${Math.round((weight / sum) * 100)} %`)
    .join(", ");
}

interface AliasFormProps {
  of: AliasView | "new";
  close(): void;
  saved(): void;
}

const read = (form: FormData): AliasBody => ({
  name: String(form.get("name")),
  targets: targetsFrom(String(form.get("targets"))),
  fallbacks: wordsOf(String(form.get("fallbacks"))),
});

function AliasForm({ of, close, saved }: AliasFormProps) {
  const known = of === "new" ? null : of;
  const sending = known
    ? { change: (changes: AliasChanges) => changeAlias(known.id, changes) }
    : { create: createAlias };
  return (
    <Dialog title={known ? `Change ${known.name}` : "Add an alias"} onClose={close}>
      <Form {...sending} read={read} saved={saved} close={close} verb="Save alias">
        <label class="field">
          <span>Name</span>
          <input name="name" required autocomplete="off" defaultValue={known?.name ?? ""} />
        </label>
        <label class="field">
          <span>Answered by, a model a line; a number behind it is its share</span>
          <textarea
            name="targets"
            required
            rows={3}
            placeholder={"my-model 90\nmy-canary 10"}
            defaultValue={known ? targetsText(known.targets) : ""}
          />
        </label>
        <label class="field">
          <span>Falls back to, in this order (optional)</span>
          <input
            name="fallbacks"
            autocomplete="off"
            placeholder="other-model, long-context-model"
            defaultValue={known?.fallbacks.join(", ") ?? ""}
          />
        </label>
      </Form>
    </Dialog>
  );
}
