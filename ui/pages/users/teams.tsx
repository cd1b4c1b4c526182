/** Groups of users that share limits and a budget. */
import type { TeamBody, TeamChanges, TeamView } from "../../../src/app/control-api.ts";
import { Form } from "../../form.tsx";
import { changeTeam, createTeam, removeTeam } from "../../gateway-api.ts";
import { LimitFields } from "../../limit-fields.tsx";
import { limitsFrom, limitsInWords } from "../../limits.ts";
import { teamsQuery } from "../../queries.ts";
import { useRemote } from "../../remote.ts";
import { type ResourceForm, ResourcePanel } from "../../resource-panel.tsx";
import { type Column, Table } from "../../table.tsx";

const columns: readonly Column<TeamView>[] = [
  { name: "Name", cell: ({ name }) => <strong>{name}</strong> },
  { name: "Members", number: true, cell: ({ members }) => members },
  { name: "Limits", cell: (team) => limitsInWords(team, team.spent_this_month) || "–" },
];

/** CHANGED: who belongs to which team may have changed. */
export function TeamPanel({ changed }: { changed(): void }) {
  return (
    <ResourcePanel
      title="Teams"
      what="teams"
      from={useRemote(teamsQuery)}
      add="Add team"
      empty={["No team yet", "A team's limits and budget hold for all of its members together."]}
      form={TeamForm}
      removal={{
        title: ({ name }) => `Remove the team ${name}?`,
        verb: "Remove team",
        act: ({ id }) => removeTeam(id),
        about: () => "Its members stay, without its limits.",
      }}
      changed={changed}
    >
      {(teams, open) => (
        <Table
          rows={teams}
          id={({ id }) => id}
          columns={columns}
          actions={(team) => [
            ["Change", `Change ${team.name}`, () => open.change(team)],
            ["Remove", `Remove ${team.name}`, () => open.remove(team)],
          ]}
        />
      )}
    </ResourcePanel>
  );
}

const read = (form: FormData): TeamBody => ({
  name: String(form.get("name")),
  ...limitsFrom(form),
});

function TeamForm({ of, close, saved }: ResourceForm<TeamView>) {
  const known = of === "new" ? null : of;
  const sending = known
    ? { change: (changes: TeamChanges) => changeTeam(known.id, changes) }
    : { create: createTeam };
  return (
    <Form
      title={known ? `Change ${known.name}` : "Add a team"}
      {...sending}
      read={read}
      saved={saved}
      close={close}
      verb="Save team"
    >
      <label class="field">
        <span>Name</span>
        <input
          name="name"
          required
          maxLength={100}
          autocomplete="off"
          defaultValue={known?.name ?? ""}
        />
      </label>
      <LimitFields {...(known && { of: known })} />
    </Form>
  );
}
