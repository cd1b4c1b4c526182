/** Which notifications were sent lately, or why not. */
import type { NotificationView } from "../../../src/app/control-api.ts";
import { Badge, type Tone } from "../../badge.tsx";
import { ago, until } from "../../format.ts";
import { Empty, Loaded } from "../../notice.tsx";
import { now } from "../../now.ts";
import { notificationsQuery } from "../../queries.ts";
import { useRemote } from "../../remote.ts";

const tones: Record<NotificationView["state"], Tone> = {
  waiting: "warn",
  sent: "good",
  given_up: "bad",
};

export function Notifications() {
  const notifications = useRemote(notificationsQuery);
  return (
    <Loaded from={notifications} what="notifications">
      {({ data }) =>
        data.length === 0 ? (
          <Empty title="Nothing was sent yet">
            <p>You see here which endpoints came up or failed, and which hosts went or returned.</p>
          </Empty>
        ) : (
          <ul class="rows">
            {data.map((one) => (
              <li key={one.id} class="replica">
                <p>
                  <strong>{one.subject}</strong>{" "}
                  <Badge tone={tones[one.state]}>{one.state.replaceAll("_", " ")}</Badge>
                </p>
                <p class="detail">
                  {one.channel} to {one.target} · {ago(one.created_at, now.value)}
                  {one.next_attempt_at !== null &&
                    ` · next try ${until(one.next_attempt_at, now.value)}`}
                </p>
                {(one.given_up ?? one.last_error) && (
                  <p class="sentence bad">{one.given_up ?? one.last_error}</p>
                )}
              </li>
            ))}
          </ul>
        )
      }
    </Loaded>
  );
}
