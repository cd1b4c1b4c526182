/** Thousands of slow streams, all open on one process for seconds. */
import { readFileSync } from "node:fs";
import type { Bed } from "./bed.ts";
import { costOf } from "./cost.ts";
import { ms, type Report } from "./report.ts";
import { rounded } from "./rounds.ts";

const streams = 4000;
/** The appliance has two sockets for each. */
const files_needed = 2 * streams + 500;

export async function hold({ ours, load, appliance }: Bed): Promise<Report> {
  const limit = Number(
    /Max open files +\d+ +(\d+)/.exec(readFileSync("/proc/self/limits", "utf8"))?.[1],
  );
  if (limit < files_needed) {
    throw new Error(
      `${streams} streams need ${files_needed} open files, and the limit here is ${limit}. Raise it: ulimit -Hn ${files_needed}`,
    );
  }
  const slow = { chunks: 24, interval_us: 500_000, ramp_ms: 4000, patience_ms: 30_000 };
  const { result, memory, before_kb, cpu_s } = await costOf(appliance.pid, () =>
    load(ours, { mode: "streams", streams, ...slow }),
  );
  const perStream = (Math.max(...memory.map(({ kb }) => kb)) - before_kb) / streams;
  return {
    rows: [
      {
        what: `${streams} streams held, open at once`,
        ours: String(result.open_peak),
        goal: String(streams),
      },
      { what: "  whole, every chunk in place", ours: String(result.whole_streams) },
      { what: "  memory per open stream", ours: `${perStream.toFixed(1)} KB`, goal: "<= 40 KB" },
      { what: "  first event, p99", ours: ms(result.latency_us.p99) },
      { what: "  CPU time", ours: `${cpu_s.toFixed(2)} s in ${result.seconds.toFixed(1)} s` },
    ],
    fields: {
      hold_open: result.open_peak,
      hold_whole: result.whole_streams,
      hold_rss_per_stream_kb: rounded(perStream, 1),
    },
  };
}
