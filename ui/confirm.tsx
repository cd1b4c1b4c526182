/** Asks once more before what cannot be undone. */
import type { ComponentChildren } from "preact";
import { useAction } from "./action.ts";
import { Dialog } from "./dialog.tsx";
import { Problem } from "./notice.tsx";

interface ConfirmProps {
  title: string;
  /** What the button that does it says, and what it says meanwhile. */
  verb: string;
  busy?: string;
  keep?: string;
  act(): Promise<void>;
  close(): void;
  children: ComponentChildren;
}

export function Confirm({
  title,
  verb,
  busy,
  keep = "Keep it",
  act,
  close,
  children,
}: ConfirmProps) {
  const acting = useAction(act);
  return (
    <Dialog title={title} onClose={close}>
      <p>{children}</p>
      {acting.problem.value && <Problem problem={acting.problem.value} />}
      <div class="buttons">
        <button type="button" onClick={close}>
          {keep}
        </button>
        <button
          type="button"
          class="danger"
          disabled={acting.busy.value}
          onClick={() => acting.run()}
        >
          {acting.busy.value && busy ? busy : verb}
        </button>
      </div>
    </Dialog>
  );
}
