/** A form in a dialog: something new, or changes to what is stored. */
import type { ComponentChildren } from "preact";
import { useAction } from "./action.ts";
import { changesIn } from "./changes.ts";
import { Dialog } from "./dialog.tsx";
import { Problem } from "./notice.tsx";

interface FormProps<Body extends object> {
  title: string;
  /** What a filled form says; throws an Error with a sentence for the one who filled it. */
  read(form: FormData): Body;
  /** Of something new, all is sent. */
  create?: (body: Body) => Promise<unknown>;
  /** Of something stored, what was changed; when nothing was, nothing is sent. */
  change?: (changes: Partial<Body>) => Promise<unknown>;
  /** After it was sent. */
  saved?(): void;
  close(): void;
  verb: string;
  /** What the button says meanwhile. */
  busy?: string;
  onInput?(form: FormData): void;
  children: ComponentChildren;
}

export function Form<Body extends object>(props: FormProps<Body>) {
  const { title, read, create, change, saved, close, verb, busy, onInput, children } = props;
  const saving = useAction(async (form: HTMLFormElement) => {
    await create?.(read(new FormData(form)));
    const changes = change ? changesIn(form, read) : {};
    if (Object.keys(changes).length > 0) await change?.(changes);
    saved?.();
    close();
  });
  return (
    <Dialog title={title} onClose={close}>
      <form
        onInput={(event) => onInput?.(new FormData(event.currentTarget))}
        onSubmit={(event) => {
          event.preventDefault();
          saving.run(event.currentTarget);
        }}
      >
        {children}
        {saving.problem.value && <Problem problem={saving.problem.value} />}
        <div class="buttons">
          <button type="button" onClick={close}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={saving.busy.value}>
            {(saving.busy.value && busy) || verb}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
