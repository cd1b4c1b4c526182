/** What a key is limited to, from the next request on. */
import type { KeyView } from "../../../src/app/control-api.ts";
import { Form } from "../../form.tsx";
import { changeKey } from "../../gateway-api.ts";
import { LimitFields } from "../../limit-fields.tsx";
import { limitsFrom, wordsFrom } from "../../limits.ts";
import type { ResourceForm } from "../../resource-panel.tsx";

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

interface ChangeKeyProps extends ResourceForm<KeyView> {
  of: KeyView;
}

export function ChangeKey({ of, close, saved }: ChangeKeyProps) {
  return (
    <Form
      title={`Limits of ${of.name}`}
      read={keyLimitsFrom}
      change={(changes) => changeKey(of.id, changes)}
      saved={saved}
      close={close}
      verb="Save limits"
    >
      <KeyLimitFields of={of} />
    </Form>
  );
}
