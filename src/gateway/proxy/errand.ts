import type { ParsedRequest } from "../request/parsed-request.ts";
import type { Exchange } from "./exchange.ts";
import type { Hold } from "./hold.ts";

/** One request to be relayed. */
export interface RequestContext {
  id: string;
  exchange: Exchange;
  parsed: ParsedRequest;
  accept: string;
  /** Seconds that its client would wait for a model to wake; null when it did not say. */
  scale_up_timeout_s: number | null;
  /** Set when it has had to wait. */
  hold: Hold | null;
}
