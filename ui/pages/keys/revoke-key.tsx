/** Ends a key, after a question. */
import type { KeyView } from "../../../src/app/control-api.ts";
import { revokeKey } from "../../api.ts";
import { Confirm } from "../../confirm.tsx";
import { plural } from "../../format.ts";

interface RevokeKeyProps {
  of: KeyView;
  close(): void;
  /** SENTENCE says what happened. */
  revoked(sentence: string): void;
}

export function RevokeKey({ of: key, close, revoked }: RevokeKeyProps) {
  const revoke = async () => {
    const { streams_cut } = await revokeKey(key.id);
    revoked(`“${key.name}” is revoked. ${cutSentence(streams_cut)}`);
  };
  return (
    <Confirm
      title={`Revoke “${key.name}”?`}
      verb="Revoke key"
      busy="Revoking…"
      act={revoke}
      close={close}
    >
      Requests with <code>{`${key.prefix}…${key.last4}`}</code> fail from now on, and its open
      streams are cut. This cannot be undone.
    </Confirm>
  );
}

function cutSentence(streams: number): string {
  if (streams === 0) return "It had no open stream.";
  return `${plural(streams, "open stream")} ${streams === 1 ? "was" : "were"} cut.`;
}
