/** Usage of some days, as it would be in the database had these people asked: seeded, so the same on every machine. */
import { openDatabase } from "../../src/control/storage/database.ts";
import { usage } from "../../src/control/usage/table.ts";
import { dice } from "../../src/shared/http1/seeded.testbed.ts";

export interface Asker {
  user: string;
  team: string | null;
  key_prefix: string | null;
}

export interface Asked {
  model: string;
  endpoint: string | null;
  /** For a million tokens, in and out. */
  price: readonly [number, number];
}

const days = 14;
const hour_ms = 3_600_000;
/** Below SQLite's bound on variables. */
const rows_at_once = 200;

const kinds_of_failure = [429, 499, 503] as const;
const { below, one, pick } = dice(7);

/** FILE is the database of an appliance, which may run. */
export function writeUsage(
  file: string,
  askers: readonly [Asker, ...Asker[]],
  models: readonly [Asked, ...Asked[]],
  now: number,
): void {
  const rows = Array.from({ length: days * 24 }, (_, hour) => now - (days * 24 - hour) * hour_ms)
    .flatMap((start) => Array.from({ length: requestsFrom(start) }, () => start + below(hour_ms)))
    .map((at, index) => ({
      id: `dev_${index.toString().padStart(6, "0")}`,
      at,
      ...pick(askers),
      ...answered(pick(models), one(25) ? pick(kinds_of_failure) : 200),
    }));
  const database = openDatabase(file);
  for (let at = 0; at < rows.length; at += rows_at_once) {
    database
      .insert(usage)
      .values(rows.slice(at, at + rows_at_once))
      .run();
  }
  database.$client.close();
}

/** How many in the hour from START on: few at night, many in the afternoon. */
function requestsFrom(start: number): number {
  const day = ((new Date(start).getUTCHours() - 5) / 24) * 2 * Math.PI;
  return 1 + below(2 + Math.round(8 * Math.max(0, Math.sin(day))));
}

function answered({ model, endpoint, price: [input, output] }: Asked, status: number) {
  const prompt_tokens = status === 200 || status === 499 ? 20 + below(3000) : 0;
  const completion_tokens = status === 200 ? 5 + below(600) : 0;
  return {
    model,
    endpoint,
    replica: null,
    prompt_tokens,
    completion_tokens,
    cached_tokens: one(3) ? Math.floor(prompt_tokens / 2) : 0,
    ttft_ms: status === 200 ? 40 + below(900) : null,
    duration_ms: 100 + completion_tokens * 12 + below(400),
    status,
    stream: !one(4),
    source: status === 200 ? ("engine" as const) : ("estimated" as const),
    cost: (prompt_tokens * input + completion_tokens * output) / 1e6,
  };
}
