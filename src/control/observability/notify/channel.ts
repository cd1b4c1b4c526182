import type { Notice } from "./notice.ts";

export type ChannelName = "mail" | "webhook";

/** One notice on its way. */
export interface Delivery {
  /** Equal in every try, so that a receiver can tell that it has it already. */
  id: string;
  /** Addresses with commas in between, or the URL. */
  target: string;
  notice: Notice;
}

export interface Outcome {
  /** The other side has taken it, from now on it is theirs. */
  accepted: boolean;
  /** The other side's words, or why it could not be asked. Holds no secret. */
  detail: string;
  /** For what was not accepted: until a day has passed, three times in all, or not any more. */
  retry: "later" | "limited" | "never";
  /** Who it is still for, or where it went; as in Delivery. */
  target: string;
}

/** One way to people. */
export interface Channel {
  enabled(): boolean;
  /** Where NOTICE should go, empty for nowhere. */
  target(notice: Notice): string;
  /** With the settings of this moment, enabled or not. Never rejects. */
  deliver(delivery: Delivery, signal: AbortSignal): Promise<Outcome>;
}
