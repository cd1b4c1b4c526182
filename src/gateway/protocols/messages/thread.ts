import { Failure } from "../../../shared/failure.ts";

/**
 * A thread (beta message-threads-2026-08-12) keeps a conversation at the server, and its next request brings
 * the new messages alone. We keep none, so a model would answer without the question. Anthropic's clients
 * ask for one by default in their tool runners; they read `details` and then send the whole conversation
 * (`ThreadState.recoversFrom` in @anthropic-ai/sdk, `_thread_state.py` in anthropic).
 */
export function refuseThread({ thread }: Readonly<Record<string, unknown>>): void {
  if (thread === undefined || thread === null) return;
  const message =
    "`thread` is not supported: no conversation is kept here. Send the whole conversation in `messages`, without `thread`.";
  const details = { error_code: "thread_unsupported_request", unsupported: ["thread"] };
  throw new Failure(400, message, { param: "thread", details });
}
