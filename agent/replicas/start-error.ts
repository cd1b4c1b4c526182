import type { Cause } from "../contract/protocol/messages.ts";

/**
 * A replica cannot run, and why: a class of the public contract and one sentence for a person. With
 * RETRY the agent tries again after a back-off; without, only a new epoch can help.
 */
export class StartError extends Error {
  readonly failure_class: Exclude<Cause, "">;
  readonly retry: boolean;
  /** The lines of the log that say so; none where the last ones are as good as any. */
  readonly log_lines: readonly string[];

  constructor(
    failureClass: Exclude<Cause, "">,
    sentence: string,
    retry = false,
    logLines: readonly string[] = [],
  ) {
    super(sentence);
    this.name = "Refusal";
    this.failure_class = failureClass;
    this.retry = retry;
    this.log_lines = logLines;
  }
}
