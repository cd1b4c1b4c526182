/** Eighty requests to a real llama-server: what it counted itself against the usage rows. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Database, openDatabase } from "../../storage/database.ts";
import { UsageLog } from "../usage.ts";
import type { UsageRow } from "../usage-row.ts";
import { driftView } from "./checks.ts";
import { hasLlama, type Llama, startLlama, type Usage } from "./llama.testbed.ts";
import { Reconciliation } from "./reconciliation.ts";
import { recount } from "./recount.ts";

const path = "/v1/chat/completions";
const hour_ms = 3_600_000;

describe.skipIf(!hasLlama)("drift with a real llama-server", () => {
  let llama: Llama;
  let database: Database;
  let usage: UsageLog;
  let reconciliation: Reconciliation;
  let now = 1_700_000_000_000;
  let number = 0;

  beforeAll(async () => {
    llama = await startLlama();
    // As the agent's probe does before a replica counts as ready.
    await llama.usageOf(path, { messages: [{ role: "user", content: "Hi" }], max_tokens: 1 });
    database = openDatabase(":memory:");
    usage = new UsageLog(database, { log: () => {} });
    reconciliation = new Reconciliation({
      database,
      replicas: () => [{ id: "rep_1", model: "demo" }],
      inflight: () => 0,
      read: () => llama.metrics(),
      now: () => now,
      wall: () => now,
      log: () => {},
    });
    usage.onRecord((row) => reconciliation.recorded(row));
    usage.onAmend(({ before, better }) => reconciliation.amended(before, better));
    await reconciliation.tick();
  }, 30_000);
  afterAll(() => llama?.stop());

  const asked = (more: object = {}) => ({
    model: "demo",
    messages: [{ role: "user", content: `Question ${number++}: naïve 🎉 count to 30` }],
    max_tokens: 12,
    ...more,
  });
  const record = (status: number, counts: Usage & Pick<UsageRow, "source">) => {
    const id = `req_${number}`;
    const row = { id, at: now, key_prefix: null, user: "a@example.org", team: null, model: "demo" };
    const rest = { endpoint: null, replica: "rep_1", ttft_ms: null, duration_ms: 1, stream: true };
    return { id, done: usage.record({ ...row, ...rest, ...counts, status, cost: 0 }) };
  };
  async function streamed(cut_after?: number) {
    const endless = cut_after === undefined ? {} : { max_tokens: 3000, ignore_eos: true };
    const { usage: counts, frames, text } = await llama.stream(path, asked(endless), cut_after);
    if (counts) return record(200, { ...counts, source: "engine" }).done;
    const guess = { prompt_tokens: 1, completion_tokens: frames, cached_tokens: 0 };
    const { id, done } = record(499, { ...guess, source: "estimated" });
    await done;
    await llama.idle();
    const counted = await recount(llama.ask, { runtime: "llama-server", path, text, frames });
    if (counted) usage.amend(id, { ...counted, source: "counted", cost: 0 });
  }
  const check = async () => {
    await llama.idle();
    now += hour_ms;
    await reconciliation.tick();
    return driftView(database).data[0];
  };

  test("40 whole answers and streams, two at a time: both sides counted the same", async () => {
    for (let i = 0; i < 20; i++) {
      const whole = llama.usageOf(path, asked());
      await Promise.all([
        streamed(),
        whole.then((u) => record(200, { ...u, source: "engine" }).done),
      ]);
    }
    const found = await check();
    expect(found?.drift).toBe(0);
    expect(found?.engine_completion_tokens).toBeGreaterThan(40);
    expect(found?.engine_prompt_tokens).toBe(found?.metered_prompt_tokens ?? -1);
  });

  test("40 more, of which 10 were cut: the prompts are exact, completions lack what was under way", async () => {
    for (let i = 0; i < 40; i++) await (i % 4 === 0 ? streamed(5) : streamed());
    const found = await check();
    if (!found) throw new Error("no check was made");
    expect(found.metered_prompt_tokens).toBe(found.engine_prompt_tokens);
    // What it generated until it noticed that the client had gone, and what it held back.
    const lacking = found.engine_completion_tokens - found.metered_completion_tokens;
    expect(lacking).toBeGreaterThanOrEqual(0);
    expect(lacking).toBeLessThan(found.engine_completion_tokens / 2);
    expect(found.drift).toBe(
      -lacking / (found.engine_prompt_tokens + found.engine_completion_tokens),
    );
  }, 30_000);
});
