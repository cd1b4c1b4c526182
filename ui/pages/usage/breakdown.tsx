/** The period, divided by model, key, user or day. */
import { useSignal } from "@preact/signals";
import type { UsageGroup } from "../../../src/app/control-api.ts";
import type { Period } from "../../buckets.ts";
import { cost, count, utcDate } from "../../format.ts";
import { Empty, Loaded } from "../../notice.tsx";
import { Panel } from "../../panel.tsx";
import { usageQuery } from "../../queries.ts";
import { useRemote } from "../../remote.ts";

const divisions = [
  { by: "model", name: "Model" },
  { by: "key", name: "Key" },
  { by: "user", name: "User" },
  { by: "day", name: "Day" },
] as const;

type Division = (typeof divisions)[number]["by"];

export function Breakdown({ period }: { period: Period }) {
  const by = useSignal<Division>("model");
  const usage = useRemote(usageQuery(by.value, period));
  return (
    <Panel
      title="Breakdown"
      flush
      aside={<DivisionChoice by={by.value} choose={(next) => (by.value = next)} />}
    >
      <Loaded from={usage} what="usage">
        {({ data }) => (
          <Groups by={by.value} groups={data.filter(({ requests }) => requests > 0)} />
        )}
      </Loaded>
    </Panel>
  );
}

function DivisionChoice({ by, choose }: { by: Division; choose(next: Division): void }) {
  return (
    <fieldset class="choice">
      <legend class="unseen">Break down by</legend>
      {divisions.map((division) => (
        <label key={division.by}>
          <input
            type="radio"
            name="by"
            checked={division.by === by}
            onChange={() => choose(division.by)}
          />
          {division.name}
        </label>
      ))}
    </fieldset>
  );
}

function Groups({ by, groups }: { by: Division; groups: readonly UsageGroup[] }) {
  if (groups.length === 0) return <Empty title="No request in this period" />;
  const most = Math.max(...groups.map(({ requests }) => requests));
  const name = divisions.find((division) => division.by === by)?.name;
  return (
    <table class="numbers">
      <thead>
        <tr>
          <th>{name}</th>
          <th class="number">Requests</th>
          <th class="wide-only">
            <span class="unseen">Share</span>
          </th>
          <th class="number">Errors</th>
          <th class="number">Prompt tokens</th>
          <th class="number">Cached</th>
          <th class="number">Completion tokens</th>
          <th class="number">Cost</th>
        </tr>
      </thead>
      <tbody>
        {groups.map((group) => (
          <tr key={group.key}>
            <td data-label={name} class={by === "key" ? "mono" : ""}>
              {nameOf(by, group.key)}
            </td>
            <td data-label="Requests" class="number">
              {count(group.requests)}
            </td>
            <td class="wide-only share">
              <svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
                <rect class="bar-fill" width={(group.requests / most) * 100} height="4" />
              </svg>
            </td>
            <td data-label="Errors" class={group.errors > 0 ? "number bad" : "number"}>
              {count(group.errors)}
            </td>
            <td data-label="Prompt tokens" class="number">
              {count(group.prompt_tokens)}
            </td>
            <td data-label="Cached" class="number">
              {count(group.cached_tokens)}
            </td>
            <td data-label="Completion tokens" class="number">
              {count(group.completion_tokens)}
            </td>
            <td data-label="Cost" class="number">
              {cost(group.cost)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function nameOf(by: Division, key: string | number | null): string {
  if (key === null) return by === "key" ? "no key: playground" : "none";
  if (by === "day") return utcDate(Number(key));
  return by === "key" ? `${key}…` : String(key);
}
