/** The checks of our counts against the engines', as stored. */
import { desc, gt, lt, sql } from "drizzle-orm";
import { Family } from "../../observability/telemetry/exposition.ts";
import type { Database } from "../../storage/database.ts";
import { type Compared, driftOf, sumOf } from "./drift.ts";
import { meter_checks } from "./table.ts";

export interface Check extends Compared {
  /** Milliseconds since the epoch. */
  from: number;
  to: number;
  replica: string;
  model: string;
}

export interface DriftView {
  /** Newest first, at most 1000. */
  data: (Check & { drift: number })[];
  /** Of all that are kept. */
  totals: Compared & { drift: number };
}

const hour_ms = 3_600_000;
const kept_ms = 90 * 24 * hour_ms;
const shown_max = 1000;
const shown = {
  from: meter_checks.from,
  to: meter_checks.to,
  replica: meter_checks.replica,
  model: meter_checks.model,
  engine_prompt_tokens: meter_checks.engine_prompt_tokens,
  engine_completion_tokens: meter_checks.engine_completion_tokens,
  metered_prompt_tokens: meter_checks.metered_prompt_tokens,
  metered_completion_tokens: meter_checks.metered_completion_tokens,
};

/** Stores CHECK, and forgets those that ended more than 90 days before it. */
export function addCheck(database: Database, check: Check): void {
  database.transaction((tx) => {
    tx.insert(meter_checks).values(check).run();
    tx.delete(meter_checks)
      .where(lt(meter_checks.to, check.to - kept_ms))
      .run();
  });
}

export function driftView(database: Database): DriftView {
  const newest = database
    .select(shown)
    .from(meter_checks)
    .orderBy(desc(meter_checks.to), desc(meter_checks.id))
    .limit(shown_max)
    .all();
  const totals = sumOf(sumsByModel(database, 0));
  return {
    data: newest.map((check) => ({ ...check, drift: driftOf(check) })),
    totals: { ...totals, drift: driftOf(totals) },
  };
}

/** For Prometheus: of the checks that ended within the last day. */
export function driftFamily(database: Database, now: number): Family {
  const family = new Family(
    "meter_drift_ratio",
    "gauge",
    "Metered tokens that the engine did not count, as a share of the tokens that it counted, in 24 hours.",
  );
  for (const sums of sumsByModel(database, now - 24 * hour_ms)) {
    family.add({ model: sums.model }, driftOf(sums));
  }
  return family;
}

function sumsByModel(database: Database, since: number): (Compared & { model: string })[] {
  const total = (column: (typeof shown)[keyof Compared]) => sql<number>`sum(${column})`;
  return database
    .select({
      model: meter_checks.model,
      engine_prompt_tokens: total(shown.engine_prompt_tokens),
      engine_completion_tokens: total(shown.engine_completion_tokens),
      metered_prompt_tokens: total(shown.metered_prompt_tokens),
      metered_completion_tokens: total(shown.metered_completion_tokens),
    })
    .from(meter_checks)
    .where(gt(meter_checks.to, since))
    .groupBy(meter_checks.model)
    .orderBy(meter_checks.model)
    .all();
}
