/** Groups of users that share limits and a budget. */
import { useSignal } from "@preact/signals";
import type { TeamBody, TeamChanges, TeamView } from "../../../src/app/control-api.ts";
import { Confirm } from "../../confirm.tsx";
import { Dialog } from "../../dialog.tsx";
import { Form } from "../../form.tsx";
import { changeTeam, createTeam, removeTeam } from "../../gateway-api.ts";
import { LimitFields } from "../../limit-fields.tsx";
import { limitsFrom, limitsInWords } from "../../limits.ts";
import { Empty, Loaded } from "../../notice.tsx";
import { Panel } from "../../panel.tsx";
import { teamsQuery } from "../../queries.ts";
import { useRemote } from "../../remote.ts";

/** CHANGED: who belongs to which team may have changed. */
export function TeamPanel({ changed }: { changed(): void }) {
  const teams = useRemote(teamsQuery);
  const editing = useSignal<TeamView | "new" | null>(null);
  const removing = useSignal<TeamView | null>(null);
  const refresh = () => {
    teams.refresh();
    changed();
  };
  return (
    <Panel
      title="Teams"
      flush
      aside={
        <button type="button" class="small" onClick={() => (editing.value = "new")}>
          Add team
        </button>
      }
    >
      <Loaded from={teams} what="teams">
        {({ data }) =>
          data.length === 0 ? (
            <Empty title="No team yet">
              <p>A team's limits and budget hold for all of its members together.</p>
            </Empty>
          ) : (
            <TeamTable
              teams={data}
              change={(team) => (editing.value = team)}
              remove={(team) => (removing.value = team)}
            />
          )
        }
      </Loaded>
      {editing.value && (
        <TeamForm of={editing.value} close={() => (editing.value = null)} saved={refresh} />
      )}
      {removing.value && (
        <Confirm
          title={`Remove the team ${removing.value.name}?`}
          verb="Remove team"
          act={async () => {
            if (removing.value) await removeTeam(removing.value.id);
            removing.value = null;
            refresh();
          }}
          close={() => (removing.value = null)}
        >
          Its members stay, without its limits.
        </Confirm>
      )}
    </Panel>
  );
}

interface TeamTableProps {
  teams: readonly TeamView[];
  change(team: TeamView): void;
  remove(team: TeamView): void;
}

function TeamTable({ teams, change, remove }: TeamTableProps) {
  return (
    <table>
      <thead>
        <tr>
          <th>Name</th>
          <th class="number">Members</th>
          <th>Limits</th>
          <th>
            <span class="unseen">Action</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {teams.map((team) => (
          <tr key={team.id}>
            <td data-label="Name">
              <strong>{team.name}</strong>
            </td>
            <td data-label="Members" class="number">
              {team.members}
            </td>
            <td data-label="Limits">{limitsInWords(team, team.spent_this_month) || "–"}</td>
            <td class="row-action">
              <button
                type="button"
                class="small"
                aria-label={`Change ${team.name}`}
                onClick={() => change(team)}
              >
                Change
              </button>{" "}
              <button
                type="button"
                class="small"
                aria-label={`Remove ${team.name}`}
                onClick={() => remove(team)}
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

interface TeamFormProps {
  of: TeamView | "new";
  close(): void;
  saved(): void;
}

const read = (form: FormData): TeamBody => ({
  name: String(form.get("name")),
  ...limitsFrom(form),
});

function TeamForm({ of, close, saved }: TeamFormProps) {
  const known = of === "new" ? null : of;
  const sending = known
    ? { change: (changes: TeamChanges) => changeTeam(known.id, changes) }
    : { create: createTeam };
  return (
    <Dialog title={known ? `Change ${known.name}` : "Add a team"} onClose={close}>
      <Form {...sending} read={read} saved={saved} close={close} verb="Save team">
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
    </Dialog>
  );
}
