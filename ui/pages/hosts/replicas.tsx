/** The replicas of a host: state, why it is not better, and the end of the runtime's log. */

import type { HostReplica } from "../../../src/app/control-api.ts";
import { Badge, type Tone } from "../../badge.tsx";
import { duration, plural } from "../../format.ts";

const tones: Record<HostReplica["state"], Tone> = {
  waiting: "quiet",
  starting: "warn",
  ready: "good",
  falling_asleep: "quiet",
  asleep: "quiet",
  stopping: "quiet",
  crashed: "bad",
  failed: "bad",
};

export function Replicas({ replicas }: { replicas: readonly HostReplica[] }) {
  if (replicas.length === 0) return <p class="table-note">No replica is placed on this host.</p>;
  return (
    <ul class="rows">
      {replicas.map((replica) => (
        <li key={replica.id} class="replica">
          <p>
            <strong>{replica.model}</strong>{" "}
            <Badge tone={tones[replica.state]}>{replica.state.replace("_", " ")}</Badge>
          </p>
          <p class="detail">{facts(replica)}</p>
          {replica.detail && <p class="sentence bad">{replica.detail}</p>}
          {replica.log_tail.length > 0 && (
            <details class="log">
              <summary>Log, last {plural(replica.log_tail.length, "line")}</summary>
              <pre>{replica.log_tail.join("\n")}</pre>
            </details>
          )}
        </li>
      ))}
    </ul>
  );
}

function facts({ id, inflight, ready_after_ms, restarts, cause }: HostReplica): string {
  return [
    id,
    plural(inflight, "request in flight", "requests in flight"),
    ...(ready_after_ms > 0 ? [`ready after ${duration(ready_after_ms)}`] : []),
    ...(restarts > 0 ? [plural(restarts, "restart")] : []),
    ...(cause ? [cause.replaceAll("_", " ")] : []),
  ].join(" · ");
}
