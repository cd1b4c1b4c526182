/** Ends a key, after a question. */
import type { KeyView } from "../../../src/http.ts";
import { useAction } from "../../action.ts";
import { revokeKey } from "../../api.ts";
import { Dialog } from "../../dialog.tsx";
import { plural } from "../../format.ts";
import { Problem } from "../../notice.tsx";

interface RevokeKeyProps {
  of: KeyView;
  close(): void;
  /** SENTENCE says what happened. */
  revoked(sentence: string): void;
}

export function RevokeKey({ of: key, close, revoked }: RevokeKeyProps) {
  const revoking = useAction(async () => {
    const { streams_cut } = await revokeKey(key.id);
    revoked(`“${key.name}” is revoked. ${cutSentence(streams_cut)}`);
  });
  return (
    <Dialog title={`Revoke “${key.name}”?`} onClose={close}>
      <p>
        Requests with <code>{`${key.prefix}…${key.last4}`}</code> fail from now on, and its open
        streams are cut. This cannot be undone.
      </p>
      {revoking.problem.value && <Problem problem={revoking.problem.value} />}
      <div class="buttons">
        <button type="button" onClick={close}>
          Keep it
        </button>
        <button
          type="button"
          class="danger"
          disabled={revoking.busy.value}
          onClick={() => revoking.run()}
        >
          {revoking.busy.value ? "Revoking…" : "Revoke key"}
        </button>
      </div>
    </Dialog>
  );
}

function cutSentence(streams: number): string {
  if (streams === 0) return "It had no open stream.";
  return `${plural(streams, "open stream")} ${streams === 1 ? "was" : "were"} cut.`;
}
