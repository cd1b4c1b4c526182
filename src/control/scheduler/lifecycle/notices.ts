/** Which transitions people hear of, and what the notice says. Pure. */
import type { Endpoint } from "../../models/endpoints/endpoint.ts";
import type { Notice } from "../../observability/notify/notice.ts";
import type { Decision } from "./dedicated/situation.ts";

type EndpointNotice = Extract<Notice, { endpoint: unknown }>;

/**
 * One notice for each transition that ends something: a build, an update, a life. Sleeping and waking
 * are everyday, and nobody wants a mail about them.
 */
export function noticesOf(
  changes: readonly Decision[],
  find: (endpoint_id: string) => Endpoint | undefined,
  now: number,
): EndpointNotice[] {
  return changes.flatMap((change) => {
    const endpoint = find(change.endpoint_id);
    const kind = kindOf(change);
    return endpoint && kind ? [notice(kind, endpoint, change, now)] : [];
  });
}

function kindOf({ standing, transition }: Decision): EndpointNotice["kind"] | null {
  if (standing === null) return "endpoint_deleted";
  if (transition?.to === "failed") return "endpoint_failed";
  if (transition?.reason === "update_failed") return "update_failed";
  const isEnd = transition?.from === "building" || transition?.reason === "updated";
  return transition?.to === "up" && isEnd ? "endpoint_up" : null;
}

function notice(
  kind: EndpointNotice["kind"],
  { id, name, user_id, spec }: Endpoint,
  { standing, transition }: Decision,
  now: number,
): EndpointNotice {
  return {
    kind,
    at: transition?.at ?? now,
    user_id,
    endpoint: { id, name, model: spec.model },
    cause: standing?.cause ?? "",
    detail: standing?.detail ?? "",
    log_tail: standing?.log_tail ?? [],
  };
}
