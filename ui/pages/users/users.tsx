/** Who may sign in. For admins; the server refuses everybody else. */
import { useSignal } from "@preact/signals";
import type { Role, UserView } from "../../../src/app/control-api.ts";
import { useAction } from "../../action.ts";
import { changeUser } from "../../api.ts";
import { date } from "../../format.ts";
import { Icon } from "../../icons.tsx";
import { limitsInWords } from "../../limits.ts";
import { Loaded, Problem } from "../../notice.tsx";
import { Heading, Panel } from "../../panel.tsx";
import { usersQuery } from "../../queries.ts";
import { useRemote } from "../../remote.ts";
import { isAdmin, user } from "../../session.ts";
import { LimitUser } from "./limit-user.tsx";
import { TeamPanel } from "./teams.tsx";
import { CreateUser, RemoveUser, roles } from "./user-dialogs.tsx";

export function UsersPage() {
  if (!isAdmin.value) {
    return <Heading title="Users" about="Only admins manage users. Ask one of them." />;
  }
  return <UserList />;
}

function UserList() {
  const users = useRemote(usersQuery);
  const creating = useSignal(false);
  const removing = useSignal<UserView | null>(null);
  const limiting = useSignal<UserView | null>(null);
  const changing = useAction(async (id: string, role: Role) => {
    await changeUser(id, { role }).finally(users.refresh);
  });
  return (
    <>
      <Heading
        title="Users"
        about="Viewers can look. Members can also use models and create keys. Admins can do everything."
      >
        <button type="button" class="primary" onClick={() => (creating.value = true)}>
          <Icon name="plus" />
          Add user
        </button>
      </Heading>
      {changing.problem.value && <Problem problem={changing.problem.value} />}
      <Panel title="People" flush untitled>
        <Loaded from={users} what="users">
          {({ data }) => (
            <UserTable
              users={data}
              change={changing.run}
              limit={(one) => (limiting.value = one)}
              remove={(one) => (removing.value = one)}
            />
          )}
        </Loaded>
      </Panel>
      <TeamPanel changed={users.refresh} />
      {limiting.value && (
        <LimitUser
          of={limiting.value}
          close={() => (limiting.value = null)}
          saved={users.refresh}
        />
      )}
      {creating.value && (
        <CreateUser close={() => (creating.value = false)} created={users.refresh} />
      )}
      {removing.value && (
        <RemoveUser
          of={removing.value}
          close={() => (removing.value = null)}
          removed={users.refresh}
        />
      )}
    </>
  );
}

interface UserTableProps {
  users: readonly UserView[];
  change(id: string, role: Role): void;
  limit(one: UserView): void;
  remove(one: UserView): void;
}

function UserTable({ users, change, limit, remove }: UserTableProps) {
  return (
    <table>
      <thead>
        <tr>
          <th>E-mail</th>
          <th>Name</th>
          <th>Role</th>
          <th>Team</th>
          <th>Limits</th>
          <th>Since</th>
          <th>
            <span class="unseen">Action</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {users.map((one) => (
          <tr key={one.id}>
            <td data-label="E-mail">
              <span>
                <strong>{one.email}</strong>
                {one.id === user.value?.id && <span class="detail"> you</span>}
              </span>
            </td>
            <td data-label="Name">{one.name || "–"}</td>
            <td data-label="Role">
              <select
                class="small"
                aria-label={`Role of ${one.email}`}
                value={one.role}
                onChange={(event) => change(one.id, event.currentTarget.value as Role)}
              >
                {roles.map((role) => (
                  <option key={role}>{role}</option>
                ))}
              </select>
            </td>
            <td data-label="Team">{one.team ?? "–"}</td>
            <td data-label="Limits">{limitsInWords(one, one.spent_this_month) || "–"}</td>
            <td data-label="Since">{date(one.created_at)}</td>
            <td class="row-action">
              <button
                type="button"
                class="small"
                aria-label={`Team and limits of ${one.email}`}
                onClick={() => limit(one)}
              >
                Limits
              </button>{" "}
              <button
                type="button"
                class="small"
                aria-label={`Remove ${one.email}`}
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
