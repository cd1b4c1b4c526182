/** Where an endpoint runs now. */
import type { EndpointView } from "../../../src/app/control-api.ts";
import { Badge, type Tone } from "../../badge.tsx";
import { duration, plural } from "../../format.ts";

type Replica = EndpointView["replicas"][number];

const tones: Record<Replica["state"], Tone> = {
  waiting: "quiet",
  starting: "warn",
  ready: "good",
  falling_asleep: "quiet",
  asleep: "quiet",
  stopping: "quiet",
  crashed: "bad",
  failed: "bad",
};

export function EndpointReplicas({ replicas }: { replicas: readonly Replica[] }) {
  if (replicas.length === 0) return <p class="table-note">No replica runs now.</p>;
  return (
    <ul class="rows">
      {replicas.map((replica) => (
        <li key={replica.id} class="replica">
          <p>
            <strong>{replica.host_name}</strong>{" "}
            <Badge tone={tones[replica.state]}>
              {replica.phase || replica.state.replace("_", " ")}
            </Badge>
          </p>
          <p class="detail">{facts(replica)}</p>
          {replica.detail && <p class="sentence bad">{replica.detail}</p>}
        </li>
      ))}
    </ul>
  );
}

function facts({ id, inflight, restarts, ready_after_ms }: Replica): string {
  return [
    id,
    plural(inflight, "request in flight", "requests in flight"),
    ...(ready_after_ms > 0 ? [`ready after ${duration(ready_after_ms)}`] : []),
    ...(restarts > 0 ? [plural(restarts, "restart")] : []),
  ].join(" · ");
}
