/** The numbers that one looks for first. A dash stands for what is not known yet. */
import type { HostView, ModelView, UsageGroup } from "../../../src/app/control-api.ts";
import { count, percent } from "../../format.ts";
import { isAdmin } from "../../session.ts";

interface FiguresProps {
  hosts: readonly HostView[] | undefined;
  models: readonly ModelView[] | undefined;
  minutes: readonly UsageGroup[] | undefined;
}

export function Figures({ hosts, models, minutes }: FiguresProps) {
  const requests = minutes && total(minutes, "requests");
  const errors = minutes && total(minutes, "errors");
  const replicas = hosts?.flatMap((host) => (host.status === "up" ? host.replicas : []));
  const enabled = models?.filter((model) => model.enabled);
  const whose = isAdmin.value ? "last hour" : "yours, last hour";
  return (
    <dl class="figures">
      <Figure
        name="Models ready"
        value={enabled && `${enabled.filter((model) => model.ready_replicas > 0).length}`}
        of={enabled && `of ${enabled.length}`}
      />
      <Figure
        name="Hosts up"
        value={hosts && `${hosts.filter((host) => host.status === "up").length}`}
        of={hosts && `of ${hosts.length}`}
      />
      <Figure
        name="In flight"
        value={replicas && count(replicas.reduce((sum, { inflight }) => sum + inflight, 0))}
        of="now"
      />
      <Figure
        name="Requests"
        value={requests !== undefined ? count(requests) : undefined}
        of={whose}
      />
      <Figure
        name="Tokens"
        value={
          minutes && count(total(minutes, "prompt_tokens") + total(minutes, "completion_tokens"))
        }
        of={whose}
      />
      <Figure
        name="Errors"
        value={errors !== undefined ? count(errors) : undefined}
        of={requests && errors ? `${percent(errors / requests)} of requests` : whose}
        alarming={Boolean(errors)}
      />
    </dl>
  );
}

type Amount = "requests" | "errors" | "prompt_tokens" | "completion_tokens";

function total(groups: readonly UsageGroup[], amount: Amount): number {
  return groups.reduce((sum, group) => sum + group[amount], 0);
}

interface FigureProps {
  name: string;
  value: string | undefined;
  of: string | undefined;
  alarming?: boolean;
}

function Figure({ name, value, of, alarming = false }: FigureProps) {
  return (
    <div class={alarming ? "figure alarming" : "figure"}>
      <dt>{name}</dt>
      <dd>
        <span class="figure-value">{value ?? "–"}</span> <span class="figure-of">{of}</span>
      </dd>
    </div>
  );
}
