/** Whole answers: how many a second, and how much later than from the runtime itself. */
import type { Bed } from "./bed.ts";
import type { LoadResult, Target } from "./load.ts";
import { ms, type Report } from "./report.ts";
import { median, rounded, rounds } from "./rounds.ts";

const connections = 64;
const requests_per_s = 200;

export async function nonstream(bed: Bed, isShort: boolean): Promise<Report> {
  const { ours, nginx, direct } = bed;
  const seconds = isShort ? 1.5 : 4;
  const closed = (target: Target, seconds: number): Promise<LoadResult> =>
    bed.load(target, { mode: "closed", connections, seconds });
  for (const target of [ours, nginx]) await closed(target, isShort ? 0.5 : 2);
  const results = await rounds(isShort ? 3 : 5, [ours, nginx], (target) => closed(target, seconds));
  const rateOf = ({ name }: Target) => median((results.get(name) ?? []).map(({ rate }) => rate));
  const p99Of = ({ name }: Target) =>
    ms(median((results.get(name) ?? []).map(({ latency_us }) => latency_us.p99)));
  const { rate } = await closed(direct, isShort ? 1 : 2);
  const ratio = rateOf(ours) / rateOf(nginx);
  const shown = (perSecond: number) => `${Math.round(perSecond)}/s`;
  return {
    rows: [
      {
        what: `whole answers, ${connections} connections`,
        ours: shown(rateOf(ours)),
        nginx: shown(rateOf(nginx)),
        direct: shown(rate),
        verdict: `${ratio.toFixed(3)} x nginx`,
        goal: ">= 0.65, aim 0.8",
      },
      { what: "  p99", ours: p99Of(ours), nginx: p99Of(nginx) },
    ],
    fields: { nonstream_vs_nginx: rounded(ratio) },
  };
}

export async function latency(bed: Bed, isShort: boolean): Promise<Report> {
  const { ours, nginx, direct } = bed;
  const seconds = isShort ? 1.5 : 5;
  const subjects = isShort ? [direct, ours] : [direct, ours, nginx];
  const results = await rounds(isShort ? 3 : 5, subjects, (target) =>
    bed.load(target, { mode: "paced", rate: requests_per_s, seconds }),
  );
  const of = ({ name }: Target, at: "p50" | "p99") =>
    median((results.get(name) ?? []).map(({ latency_us }) => latency_us[at]));
  const row = (at: "p50" | "p99", goal: string) => ({
    what: `one answer at ${requests_per_s}/s, ${at}`,
    ours: ms(of(ours, at)),
    direct: ms(of(direct, at)),
    ...(isShort ? {} : { nginx: ms(of(nginx, at)) }),
    verdict: `+${ms(of(ours, at) - of(direct, at))}`,
    goal,
  });
  return {
    rows: [row("p50", "<= +0.3 ms"), row("p99", "<= +2 ms")],
    fields: {
      added_p50_ms: rounded((of(ours, "p50") - of(direct, "p50")) / 1000),
      added_p99_ms: rounded((of(ours, "p99") - of(direct, "p99")) / 1000),
    },
  };
}
