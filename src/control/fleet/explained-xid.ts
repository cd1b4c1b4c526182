import type { XidError } from "../../../agent/contract/protocol/messages.ts";
import { meaningOf, type XidMeaning } from "../observability/telemetry/xid-codes.ts";

/** An XID error with what it means and what to do. */
export interface ExplainedXid extends XidError, XidMeaning {}

/** The newest first. */
export const explainedXids = (xids: readonly XidError[]): ExplainedXid[] =>
  xids.map((xid) => ({ ...xid, ...meaningOf(xid.code) })).toReversed();
