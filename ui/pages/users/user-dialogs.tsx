/** A new person. */
import type { Role, UserView } from "../../../src/app/control-api.ts";
import { createUser } from "../../api.ts";
import { Form } from "../../form.tsx";
import type { ResourceForm } from "../../resource-panel.tsx";
import { Select } from "../../select.tsx";

export const roles: readonly Role[] = ["viewer", "member", "admin"];

const read = (form: FormData) => ({
  email: String(form.get("email")),
  name: String(form.get("name")),
  password: String(form.get("password")),
  role: String(form.get("role")) as Role,
});

export function CreateUser({ close, saved }: Omit<ResourceForm<UserView>, "of">) {
  return (
    <Form
      title="Add a user"
      read={read}
      create={createUser}
      saved={saved}
      close={close}
      verb="Add user"
    >
      <label class="field">
        <span>E-mail</span>
        <input name="email" type="email" required autocomplete="off" />
      </label>
      <label class="field">
        <span>Name (optional)</span>
        <input name="name" autocomplete="off" />
      </label>
      <label class="field">
        <span>First password</span>
        <input name="password" type="password" required autocomplete="new-password" />
      </label>
      <Select label="Role" name="role" value="member" choices={roles} />
    </Form>
  );
}
