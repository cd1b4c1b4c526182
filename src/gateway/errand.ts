import type { Ask } from "./ask.ts";
import type { Exchange } from "./exchange.ts";
import type { Hold } from "./hold.ts";

/** One request to be relayed. */
export interface Errand {
  id: string;
  exchange: Exchange;
  ask: Ask;
  accept: string;
  /** Seconds that its client would wait for a model to wake; null when it did not say. */
  scale_up_timeout_s: number | null;
  /** Set when it has had to wait. */
  hold: Hold | null;
}
