/** Many streams at once: how late their first event is, what they cost, and that each is whole. */
import type { Bed } from "./bed.ts";
import { type Cost, costOf } from "./cost.ts";
import type { LoadResult, Target } from "./load.ts";
import { ms, type Report } from "./report.ts";
import { median, rounded, rounds } from "./rounds.ts";

const streams = 1000;
const interval_us = 20_000;

type Run = Cost<LoadResult>;

/** They begin over half the time that one takes, so that all of them are open together. */
export async function manyStreams(bed: Bed, isShort: boolean): Promise<Report> {
  const { ours, nginx, direct } = bed;
  const chunks = isShort ? 60 : 100;
  const ramp_ms = (chunks * interval_us) / 2000;
  const run = (target: Target, count: number): Promise<Run> => {
    const mode = { mode: "streams", streams: count, chunks, interval_us, ramp_ms } as const;
    return costOf(target.pid ?? process.pid, () => bed.load(target, mode));
  };
  // The code is loaded and compiled; the heap has not yet grown to what a thousand streams need.
  await run(ours, 50);
  const first = await run(ours, streams);
  const results = await rounds(isShort ? 3 : 5, [ours, nginx, direct], (target) =>
    run(target, streams),
  );
  return report(results, Math.max(...first.memory.map(({ kb }) => kb)) - first.before_kb, bed);
}

function report(results: Map<string, Run[]>, grown_kb: number, { ours, nginx, direct }: Bed) {
  const medianOf = ({ name }: Target, value: (run: Run) => number) =>
    median((results.get(name) ?? []).map(value));
  const firstEvent = (target: Target, at: "p50" | "p99") =>
    medianOf(target, ({ result }) => result.latency_us[at]);
  const added = (at: "p50" | "p99") => firstEvent(ours, at) - firstEvent(direct, at);
  const cpu = (target: Target) => medianOf(target, ({ cpu_s }) => cpu_s);
  const row = (at: "p50" | "p99", goal: string) => ({
    what: `first event of ${streams} streams, ${at}`,
    ours: ms(firstEvent(ours, at)),
    nginx: ms(firstEvent(nginx, at)),
    direct: ms(firstEvent(direct, at)),
    verdict: `+${ms(added(at))}`,
    goal,
  });
  const ratio = cpu(ours) / cpu(nginx);
  const perStream = grown_kb / streams;
  return {
    rows: [
      row("p50", "<= +2 ms"),
      row("p99", "<= +20 ms"),
      {
        what: "  CPU time of a run",
        ours: `${cpu(ours).toFixed(2)} s`,
        nginx: `${cpu(nginx).toFixed(2)} s`,
        verdict: `${ratio.toFixed(2)} x nginx`,
        goal: "<= 1.5",
      },
      { what: "  memory per open stream", ours: `${perStream.toFixed(1)} KB`, goal: "<= 40 KB" },
      {
        what: "  open at once",
        ours: String(medianOf(ours, ({ result }) => result.open_peak)),
        goal: String(streams),
      },
    ],
    fields: {
      stream_added_ttfb_p50_ms: rounded(added("p50") / 1000),
      stream_added_ttfb_p99_ms: rounded(added("p99") / 1000),
      stream_cpu_vs_nginx: rounded(ratio),
      rss_per_stream_kb: rounded(perStream, 1),
    },
  };
}
