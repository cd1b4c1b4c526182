/** Which team a user is in, and what the user is limited to over all of their keys. */
import type { UserView } from "../../../src/app/control-api.ts";
import { changeUser } from "../../api.ts";
import { Form } from "../../form.tsx";
import { LimitFields } from "../../limit-fields.tsx";
import { limitsFrom } from "../../limits.ts";
import { teamsQuery } from "../../queries.ts";
import { useRemote } from "../../remote.ts";
import type { ResourceForm } from "../../resource-panel.tsx";
import { Select } from "../../select.tsx";

interface LimitUserProps extends ResourceForm<UserView> {
  of: UserView;
}

const read = (form: FormData) => ({
  ...limitsFrom(form),
  team_id: String(form.get("team")) || null,
});

export function LimitUser({ of, close, saved }: LimitUserProps) {
  const teams = useRemote(teamsQuery).data.value?.data ?? [];
  const known: [string, string][] = of.team_id ? [[of.team_id, of.team ?? of.team_id]] : [];
  const others = teams.filter(({ id }) => id !== of.team_id);
  return (
    <Form
      title={`Team and limits of ${of.email}`}
      read={read}
      change={(changes) => changeUser(of.id, changes)}
      saved={saved}
      close={close}
      verb="Save"
    >
      <Select
        label="Team"
        name="team"
        value={of.team_id ?? ""}
        choices={[["", "none"], ...known, ...others.map(({ id, name }) => [id, name] as const)]}
      />
      <LimitFields of={of} />
    </Form>
  );
}
