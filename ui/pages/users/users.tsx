/** Who may sign in. For admins; the server refuses everybody else. */
import type { Role, UserView } from "../../../src/app/control-api.ts";
import { useAction } from "../../action.ts";
import { changeUser, removeUser } from "../../api.ts";
import { date } from "../../format.ts";
import { limitsInWords } from "../../limits.ts";
import { Problem } from "../../notice.tsx";
import { Heading } from "../../panel.tsx";
import { usersQuery } from "../../queries.ts";
import { useRemote } from "../../remote.ts";
import { type ResourceForm, ResourcePanel } from "../../resource-panel.tsx";
import { isAdmin, user } from "../../session.ts";
import { type Column, Table } from "../../table.tsx";
import { LimitUser } from "./limit-user.tsx";
import { TeamPanel } from "./teams.tsx";
import { CreateUser, roles } from "./user-dialogs.tsx";

export function UsersPage() {
  if (!isAdmin.value) {
    return <Heading title="Users" about="Only admins manage users. Ask one of them." />;
  }
  return <UserList />;
}

function UserList() {
  const users = useRemote(usersQuery);
  const changing = useAction(async (id: string, role: Role) => {
    await changeUser(id, { role }).finally(users.refresh);
  });
  return (
    <>
      <ResourcePanel
        title="People"
        page={{
          title: "Users",
          about:
            "Viewers can look. Members can also use models and create keys. Admins can do everything.",
        }}
        what="users"
        from={users}
        add="Add user"
        notice={changing.problem.value && <Problem problem={changing.problem.value} />}
        form={UserForm}
        removal={{
          title: ({ email }) => `Remove ${email}?`,
          verb: "Remove user",
          keep: "Keep them",
          act: ({ id }) => removeUser(id),
          about: () =>
            "Their sessions end and their keys are revoked. What they used stays in the usage.",
        }}
      >
        {(all, open) => (
          <Table
            rows={all}
            id={({ id }) => id}
            columns={columns(changing.run)}
            actions={(one) => [
              ["Limits", `Team and limits of ${one.email}`, () => open.change(one)],
              ["Remove", `Remove ${one.email}`, () => open.remove(one)],
            ]}
          />
        )}
      </ResourcePanel>
      <TeamPanel changed={users.refresh} />
    </>
  );
}

function UserForm({ of, ...does }: ResourceForm<UserView>) {
  return of === "new" ? <CreateUser {...does} /> : <LimitUser of={of} {...does} />;
}

const columns = (change: (id: string, role: Role) => void): readonly Column<UserView>[] => [
  {
    name: "E-mail",
    cell: (one) => (
      <span>
        <strong>{one.email}</strong>
        {one.id === user.value?.id && <span class="detail"> you</span>}
      </span>
    ),
  },
  { name: "Name", cell: ({ name }) => name || "–" },
  {
    name: "Role",
    cell: (one) => (
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
    ),
  },
  { name: "Team", cell: ({ team }) => team ?? "–" },
  { name: "Limits", cell: (one) => limitsInWords(one, one.spent_this_month) || "–" },
  { name: "Since", cell: ({ created_at }) => date(created_at) },
];
