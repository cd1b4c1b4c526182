/** What a key is limited to, from the next request on. */
import type { KeyView } from "../../../src/http.ts";
import { useAction } from "../../action.ts";
import { Dialog } from "../../dialog.tsx";
import { changeKey } from "../../gateway-api.ts";
import { LimitFields } from "../../limit-fields.tsx";
import { limitsFrom, wordsFrom } from "../../limits.ts";
import { Problem } from "../../notice.tsx";

export function KeyLimitFields({ of }: { of?: KeyView }) {
  return (
    <>
      <LimitFields {...(of && { of })} />
      <label class="field">
        <span>Only from these networks</span>
        <input
          name="allowed_cidrs"
          autocomplete="off"
          placeholder="anywhere; else 10.0.0.0/8, 2001:db8::/32"
          defaultValue={of?.allowed_cidrs?.join(", ") ?? ""}
        />
      </label>
    </>
  );
}

interface ChangeKeyProps {
  of: KeyView;
  close(): void;
  changed(): void;
}

export function ChangeKey({ of, close, changed }: ChangeKeyProps) {
  const saving = useAction(async (form: FormData) => {
    await changeKey(of.id, {
      ...limitsFrom(form),
      allowed_cidrs: wordsFrom(form, "allowed_cidrs"),
    });
    changed();
    close();
  });
  return (
    <Dialog title={`Limits of ${of.name}`} onClose={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          saving.run(new FormData(event.currentTarget));
        }}
      >
        <KeyLimitFields of={of} />
        {saving.problem.value && <Problem problem={saving.problem.value} />}
        <div class="buttons">
          <button type="button" onClick={close}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={saving.busy.value}>
            Save limits
          </button>
        </div>
      </form>
    </Dialog>
  );
}
