/** Adding and removing a person. */
import type { Role, UserView } from "../../../src/http.ts";
import { useAction } from "../../action.ts";
import { createUser, removeUser } from "../../api.ts";
import { Confirm } from "../../confirm.tsx";
import { Dialog } from "../../dialog.tsx";
import { Problem } from "../../notice.tsx";

export const roles: readonly Role[] = ["viewer", "member", "admin"];

export function CreateUser({ close, created }: { close(): void; created(): void }) {
  const creating = useAction(async (form: FormData) => {
    await createUser({
      email: String(form.get("email")),
      name: String(form.get("name")),
      password: String(form.get("password")),
      role: String(form.get("role")) as Role,
    });
    created();
    close();
  });
  return (
    <Dialog title="Add a user" onClose={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          creating.run(new FormData(event.currentTarget));
        }}
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
        <label class="field">
          <span>Role</span>
          <select name="role">
            {roles.map((role) => (
              <option key={role} selected={role === "member"}>
                {role}
              </option>
            ))}
          </select>
        </label>
        {creating.problem.value && <Problem problem={creating.problem.value} />}
        <div class="buttons">
          <button type="button" onClick={close}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={creating.busy.value}>
            Add user
          </button>
        </div>
      </form>
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
