/** Adding and removing a person. */
import type { Role, UserView } from "../../../src/app/control-api.ts";
import { createUser, removeUser } from "../../api.ts";
import { Confirm } from "../../confirm.tsx";
import { Dialog } from "../../dialog.tsx";
import { Form } from "../../form.tsx";
import { Select } from "../../select.tsx";

export const roles: readonly Role[] = ["viewer", "member", "admin"];

const read = (form: FormData) => ({
  email: String(form.get("email")),
  name: String(form.get("name")),
  password: String(form.get("password")),
  role: String(form.get("role")) as Role,
});

export function CreateUser({ close, created }: { close(): void; created(): void }) {
  return (
    <Dialog title="Add a user" onClose={close}>
      <Form read={read} create={createUser} saved={created} close={close} verb="Add user">
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
    </Dialog>
  );
}

export function RemoveUser({
  of,
  close,
  removed,
}: {
  of: UserView;
  close(): void;
  removed(): void;
}) {
  const remove = async () => {
    await removeUser(of.id);
    removed();
    close();
  };
  return (
    <Confirm
      title={`Remove ${of.email}?`}
      verb="Remove user"
      keep="Keep them"
      act={remove}
      close={close}
    >
      Their sessions end and their keys are revoked. What they used stays in the usage.
    </Confirm>
  );
}
