/** Minutes of mixed traffic, a third of it broken off: nothing may pile up. */
import { eventually } from "../../src/scenarios/appliance.testbed.ts";
import type { Bed } from "./bed.ts";
import { costOf, type Memory, openFiles } from "./cost.ts";
import type { Report } from "./report.ts";
import { median, rounded } from "./rounds.ts";

const connections = 200;

export async function soak({ ours, load, appliance }: Bed, minutes: number): Promise<Report> {
  const files_before = openFiles(appliance.pid);
  const mode = { mode: "mixed", connections, interval_us: 5000 } as const;
  const seed = Date.now() % 1_000_000;
  const { result, memory } = await costOf(
    appliance.pid,
    () => load(ours, { ...mode, seconds: minutes * 60, seed }),
    250,
  );
  const warm_kb = between(memory, 0.2, 0.3);
  const end_kb = between(memory, 0.9, 1);
  const growth_percent = (end_kb / warm_kb - 1) * 100;
  const left = await inflightLeft(appliance.url);
  const files_left = openFiles(appliance.pid) - files_before;
  return {
    rows: [
      { what: `soak of ${minutes} min, requests`, ours: String(result.begun) },
      { what: "  broken off by the client", ours: String(result.aborted) },
      {
        what: "  memory, a fifth in against the end",
        ours: `${Math.round(warm_kb / 1024)} MB, ${Math.round(end_kb / 1024)} MB`,
        verdict: `${growth_percent.toFixed(1)} %`,
        goal: "<= 5 %",
      },
      { what: "  in flight afterwards", ours: String(left), goal: "0" },
      { what: "  more files open than before", ours: String(files_left) },
    ],
    fields: {
      soak_requests: result.begun,
      soak_aborted: result.aborted,
      soak_rss_growth_percent: rounded(growth_percent, 1),
      soak_inflight_left: left,
      soak_files_left: files_left,
    },
  };
}

/** The usual memory in this part of the run: garbage comes and goes. */
function between(memory: readonly Memory[], from: number, to: number): number {
  const part = memory.slice(Math.floor(memory.length * from), Math.floor(memory.length * to));
  return median(part.map(({ kb }) => kb));
}

/** What the gauge shows once it has had ten seconds to fall to 0. */
async function inflightLeft(url: string): Promise<number> {
  let last = Number.NaN;
  const isZero = async () => {
    const text = await (await fetch(`${url}/metrics`)).text();
    last = Number(/^hypervize_inflight (\d+)/m.exec(text)?.[1]);
    return last === 0;
  };
  await eventually("nothing is in flight", isZero, 10_000).catch(() => undefined);
  return last;
}
