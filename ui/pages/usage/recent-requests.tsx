/** One row per request, newest first, page by page. What was said in them is stored nowhere. */
import { useSignal } from "@preact/signals";
import type { UsageRow } from "../../../src/app/control-api.ts";
import { clock, count, date, duration } from "../../format.ts";
import { Empty, Loaded } from "../../notice.tsx";
import { Panel } from "../../panel.tsx";
import { requestsQuery } from "../../queries.ts";
import { useRemote } from "../../remote.ts";
import { isAdmin } from "../../session.ts";

export function RecentRequests() {
  /** Cursors of the pages before this one; the last is this page's. */
  const cursors = useSignal<readonly (number | null)[]>([null]);
  const rows = useRemote(requestsQuery(cursors.value.at(-1) ?? null));
  const next = rows.data.value?.next_before ?? null;
  return (
    <Panel title="Recent requests" flush aside="Prompts and answers are never stored.">
      <Loaded from={rows} what="requests">
        {({ data }) =>
          data.length === 0 ? (
            <Empty title="No request yet">
              <p>
                Send one from the <a href="/playground">playground</a>, or with an API key.
              </p>
            </Empty>
          ) : (
            <RequestTable rows={data} />
          )
        }
      </Loaded>
      {(next !== null || cursors.value.length > 1) && (
        <nav class="pager" aria-label="Pages of requests">
          <button
            type="button"
            class="small"
            disabled={cursors.value.length === 1}
            onClick={() => {
              cursors.value = cursors.value.slice(0, -1);
            }}
          >
            Newer
          </button>
          <button
            type="button"
            class="small"
            disabled={next === null}
            onClick={() => {
              cursors.value = [...cursors.value, next];
            }}
          >
            Older
          </button>
        </nav>
      )}
    </Panel>
  );
}

function RequestTable({ rows }: { rows: readonly UsageRow[] }) {
  return (
    <table class="numbers requests">
      <thead>
        <tr>
          <th>Time</th>
          <th>Model</th>
          {isAdmin.value && <th>User</th>}
          <th>Key</th>
          <th>Status</th>
          <th class="number">Prompt</th>
          <th class="number">Completion</th>
          <th class="number">TTFT</th>
          <th class="number">Duration</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <RequestRow key={row.id} row={row} />
        ))}
      </tbody>
    </table>
  );
}

function RequestRow({ row }: { row: UsageRow }) {
  const failed = row.status >= 400 && row.status !== 499;
  return (
    <tr title={`Request ${row.id}`}>
      <td data-label="Time">
        <span class="detail">{date(row.at)}</span> {clock(row.at)}
      </td>
      <td data-label="Model" class="mono">
        {row.model}
      </td>
      {isAdmin.value && <td data-label="User">{row.user}</td>}
      <td data-label="Key" class={row.key_prefix === null ? "" : "mono"}>
        {row.key_prefix === null ? "playground" : `${row.key_prefix}…`}
      </td>
      <td data-label="Status" class={failed ? "bad" : ""}>
        {row.status === 499 ? "499 client left" : row.status}
      </td>
      <td data-label="Prompt" class="number">
        {count(row.prompt_tokens)}
      </td>
      <td data-label="Completion" class="number">
        {count(row.completion_tokens)}
      </td>
      <td data-label="TTFT" class="number">
        {duration(row.ttft_ms)}
      </td>
      <td data-label="Duration" class="number">
        {duration(row.duration_ms)}
      </td>
    </tr>
  );
}
