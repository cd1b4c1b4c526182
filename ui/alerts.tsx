/** What is wrong with hosts: one line each, and what to do. */
import type { AlertView } from "../src/app/control-api.ts";
import { Badge } from "./badge.tsx";
import { ago } from "./format.ts";
import { now } from "./now.ts";

interface AlertsProps {
  alerts: readonly AlertView[];
  /** Said where there are none. */
  none: string;
}

export function Alerts({ alerts, none }: AlertsProps) {
  if (alerts.length === 0) return <p class="table-note">{none}</p>;
  return (
    <ul class="rows">
      {alerts.map(({ id, severity, host, title, detail, advice, raised_at }) => (
        <li key={id} class="alert">
          <p>
            <Badge tone={severity === "critical" ? "bad" : "warn"}>{severity}</Badge>{" "}
            <strong>
              {host.name}: {title}
            </strong>{" "}
            <span class="detail">{ago(raised_at, now.value)}</span>
          </p>
          <p class="sentence">{detail}</p>
          <p class="sentence detail">{advice}</p>
        </li>
      ))}
    </ul>
  );
}
