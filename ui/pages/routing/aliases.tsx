/** Further names for models: shares for canaries, and what to fall back to. */
import type { AliasBody, AliasChanges, AliasView } from "../../../src/app/control-api.ts";
import { Badge } from "../../badge.tsx";
import { Form } from "../../form.tsx";
import { changeAlias, createAlias, removeAlias } from "../../gateway-api.ts";
import { aliasesQuery } from "../../queries.ts";
import { useRemote } from "../../remote.ts";
import { type ResourceForm, ResourcePanel } from "../../resource-panel.tsx";
import { type Column, Table } from "../../table.tsx";
import { targetsFrom, targetsText, wordsOf } from "./lines.ts";

const columns: readonly Column<AliasView>[] = [
  { name: "Name", cell: ({ name }) => <strong>{name}</strong> },
  {
    name: "Answered by",
    cell: (one) => (
      <span>
        {shares(one)} {one.missing.length > 0 && <Missing names={one.missing} />}
      </span>
    ),
  },
  { name: "Falls back to", cell: ({ fallbacks }) => fallbacks.join(", ") || "–" },
];

export function AliasPanel() {
  return (
    <ResourcePanel
      title="Aliases"
      what="aliases"
      from={useRemote(aliasesQuery)}
      add="Add alias"
      empty={[
        "No alias yet",
        "An alias is a name that applications keep while you change what answers: one model, several in shares, or one with others to fall back to.",
      ]}
      form={AliasForm}
      removal={{
        title: ({ name }) => `Remove the alias ${name}?`,
        verb: "Remove alias",
        act: ({ id }) => removeAlias(id),
        about: () => "Applications that ask for it get 404 from then on. The models stay.",
      }}
    >
      {(aliases, open) => (
        <Table
          rows={aliases}
          id={({ id }) => id}
          columns={columns}
          actions={(one) => [
            ["Change", `Change ${one.name}`, () => open.change(one)],
            ["Remove", `Remove ${one.name}`, () => open.remove(one)],
          ]}
        />
      )}
    </ResourcePanel>
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

const read = (form: FormData): AliasBody => ({
  name: String(form.get("name")),
  targets: targetsFrom(String(form.get("targets"))),
  fallbacks: wordsOf(String(form.get("fallbacks"))),
});

function AliasForm({ of, close, saved }: ResourceForm<AliasView>) {
  const known = of === "new" ? null : of;
  const sending = known
    ? { change: (changes: AliasChanges) => changeAlias(known.id, changes) }
    : { create: createAlias };
  return (
    <Form
      title={known ? `Change ${known.name}` : "Add an alias"}
      {...sending}
      read={read}
      saved={saved}
      close={close}
      verb="Save alias"
    >
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
  );
}
