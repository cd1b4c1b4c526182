/** Streams from another machine: by connections that it opens, next to its relay. */

import type { Testbed } from "../../src/scenarios/appliance.testbed.ts";
import { ApplianceProcess } from "../../src/scenarios/appliance-process.ts";
import { makeRemoteMachine, whyNoRemoteMachine } from "../../src/scenarios/remote-machine.ts";
import type { Bed } from "./bed.ts";
import { type Cost, costOf } from "./cost.ts";
import type { LoadResult, Target } from "./load.ts";
import { ms, type Report } from "./report.ts";
import { median, rounded, rounds } from "./rounds.ts";

const streams = 1000;
const interval_us = 20_000;

type Run = Cost<LoadResult>;

/** An appliance with one host, on a machine of its own. */
async function reachedBy(testbed: Testbed, name: string, words: readonly string[]) {
  const machine = makeRemoteMachine();
  testbed.defer(async () => machine.remove());
  const appliance = await ApplianceProcess.create(testbed, machine.here);
  await appliance.addAgent(testbed.folder(), machine.before, words);
  await appliance.addDemoModel({ name: "bench", slots: 256 });
  await appliance.ready(1, "bench");
  const { key } = await appliance.createKey();
  const { port, pid } = appliance;
  return { name, host: machine.here, port, model: "bench", key, pid } satisfies Target;
}

export async function tunnel({ testbed, load }: Bed, isShort: boolean): Promise<Report> {
  const obstacle = whyNoRemoteMachine();
  if (obstacle) throw new Error(`No other machine can be made here: ${obstacle}.`);
  const relay = await reachedBy(testbed, "relay", []);
  const tunnels = await reachedBy(testbed, "tunnel", ["--tunnel"]);
  const chunks = isShort ? 60 : 100;
  const ramp_ms = (chunks * interval_us) / 2000;
  const run = (target: Target, count: number): Promise<Run> =>
    costOf(target.pid ?? process.pid, () =>
      load(target, { mode: "streams", streams: count, chunks, interval_us, ramp_ms }),
    );
  for (const target of [relay, tunnels]) await run(target, streams);
  const results = await rounds(isShort ? 3 : 5, [relay, tunnels], (target) => run(target, streams));
  const of = ({ name }: Target, value: (run: Run) => number) =>
    median((results.get(name) ?? []).map(value));
  const row = (what: string, value: (run: Run) => number, say: (value: number) => string) => {
    const [ours, other] = [of(tunnels, value), of(relay, value)];
    const verdict = `relay: ${say(other)}; ${(ours / other).toFixed(2)} x`;
    return { what, ours: say(ours), verdict, goal: "<= 1.3" };
  };
  const seconds = (value: number) => `${value.toFixed(2)} s`;
  const ratio = (value: (run: Run) => number) => rounded(of(tunnels, value) / of(relay, value));
  const p50 = ({ result }: Run) => result.latency_us.p50;
  const p99 = ({ result }: Run) => result.latency_us.p99;
  const cpu = ({ cpu_s }: Run) => cpu_s;
  return {
    rows: [
      row(`first event of ${streams} streams by tunnel, p50`, p50, ms),
      row("  p99", p99, ms),
      row("  CPU time of a run", cpu, seconds),
    ],
    fields: {
      tunnel_ttfb_p50_vs_relay: ratio(p50),
      tunnel_ttfb_p99_vs_relay: ratio(p99),
      tunnel_cpu_vs_relay: ratio(cpu),
    },
  };
}
