/** Which team a user is in, and what the user is limited to over all of their keys. */
import type { UserView } from "../../../src/http.ts";
import { useAction } from "../../action.ts";
import { Dialog } from "../../dialog.tsx";
import { limitUser } from "../../gateway-api.ts";
import { LimitFields } from "../../limit-fields.tsx";
import { limitsFrom } from "../../limits.ts";
import { Problem } from "../../notice.tsx";
import { teamsQuery } from "../../queries.ts";
import { useRemote } from "../../remote.ts";

interface LimitUserProps {
  of: UserView;
  close(): void;
  saved(): void;
}

export function LimitUser({ of, close, saved }: LimitUserProps) {
  const teams = useRemote(teamsQuery).data.value?.data ?? [];
  const saving = useAction(async (form: FormData) => {
    await limitUser(of.id, { ...limitsFrom(form), team_id: String(form.get("team")) || null });
    saved();
    close();
  });
  return (
    <Dialog title={`Team and limits of ${of.email}`} onClose={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          saving.run(new FormData(event.currentTarget));
        }}
      >
        <label class="field">
          <span>Team</span>
          <select name="team">
            <option value="">none</option>
            {teams.map(({ id, name }) => (
              <option key={id} value={id} selected={id === of.team_id}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <LimitFields of={of} />
        {saving.problem.value && <Problem problem={saving.problem.value} />}
        <div class="buttons">
          <button type="button" onClick={close}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={saving.busy.value}>
            Save
          </button>
        </div>
      </form>
    </Dialog>
  );
}
