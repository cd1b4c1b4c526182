/** What a key is limited to, from the next request on. */
import type { KeyView } from "../../../src/app/control-api.ts";
import { Dialog } from "../../dialog.tsx";
import { Form } from "../../form.tsx";
import { changeKey } from "../../gateway-api.ts";
import { LimitFields } from "../../limit-fields.tsx";
import { limitsFrom, wordsFrom } from "../../limits.ts";

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

/** An empty field is no limit. */
export const keyLimitsFrom = (form: FormData) => ({
  ...limitsFrom(form),
  allowed_cidrs: wordsFrom(form, "allowed_cidrs"),
});

interface ChangeKeyProps {
  of: KeyView;
  close(): void;
  changed(): void;
}

export function ChangeKey({ of, close, changed }: ChangeKeyProps) {
  return (
    <Dialog title={`Limits of ${of.name}`} onClose={close}>
      <Form
        read={keyLimitsFrom}
        change={(changes) => changeKey(of.id, changes)}
        saved={changed}
        close={close}
        verb="Save limits"
      >
        <KeyLimitFields of={of} />
      </Form>
    </Dialog>
  );
}
