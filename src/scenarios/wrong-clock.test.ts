/** The appliance starts while its clock is wrong, and NTP sets it right while it runs. */
import { afterAll, describe, expect, test } from "bun:test";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { KeyView } from "../app/control-api.ts";
import { eventually, Testbed } from "./appliance.testbed.ts";
import { ApplianceProcess } from "./appliance-process.ts";
import { chat } from "./chat.ts";

const faketime = Bun.which("faketime");
const preloaded = faketime
  ? Bun.spawnSync([faketime, "-f", "+0", "printenv", "LD_PRELOAD"]).stdout.toString().trim()
  : "";
if (!preloaded) process.stderr.write("Wrong clocks are not tested: there is no faketime.\n");

const testbed = new Testbed();
afterAll(() => testbed.end(), 30_000);

/** A wall clock that is wrong by what a file says at the moment; time between two moments is the machine's. */
function wrongClock(skew: string) {
  const file = join(testbed.folder(), "skew");
  const set = (to: string): void => {
    writeFileSync(`${file}.new`, `${to}\n`);
    renameSync(`${file}.new`, file);
  };
  set(skew);
  const variables = [
    ...[`LD_PRELOAD=${preloaded}`, `FAKETIME_TIMESTAMP_FILE=${file}`],
    ...["FAKETIME_NO_CACHE=1", "FAKETIME_DONT_FAKE_MONOTONIC=1"],
  ];
  return { before: ["env", ...variables], set };
}

/** Each answer costs 2 by the price below. */
async function costly(request: Request): Promise<Response> {
  const { model } = (await request.json()) as { model: string };
  const usage = { prompt_tokens: 1000, completion_tokens: 1000, total_tokens: 2000 };
  const message = { role: "assistant", content: "Hi." };
  return Response.json({ model, choices: [{ index: 0, message, finish_reason: "stop" }], usage });
}

describe.skipIf(!preloaded).each(["+40d", "-40d"])("a start with the clock at %s", (skew) => {
  test("dates what comes after it was set right by the right clock, and budgets hold", async () => {
    const service = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: costly });
    testbed.defer(() => service.stop(true));
    const clock = wrongClock(skew);
    const appliance = await ApplianceProcess.create(testbed, "127.0.0.1", clock.before);
    const model = "far/model";
    await appliance.api("/api/providers", {
      name: "Far",
      base_url: `http://127.0.0.1:${service.port}/v1`,
      models: [{ name: model, upstream: "theirs" }],
    });
    const price = { model, input_per_million: 1000, output_per_million: 1000 };
    await appliance.api("/api/prices", price, "PUT");
    const budgeted = () =>
      appliance.api<KeyView & { key: string }>("/api/keys", { name: "k", monthly_budget: 5 });
    const early = await budgeted();
    const ask = async ({ key }: { key: string }) =>
      (await chat(appliance.url, key, "Hello", { model })).status;
    await eventually("the model is served", async () => (await ask(early)) === 200);

    clock.set("+0d");
    const right_at = Date.now();
    const late = await budgeted();
    const answers: number[] = [];
    for (let n = 0; n < 5; n++) answers.push(await ask(late));
    expect(answers).toEqual([200, 200, 200, 429, 429]);
    expect(late.created_at).toBeWithin(right_at - 1000, Date.now() + 1000);
    const rows = (await appliance.usage()).filter(({ key_prefix }) => key_prefix === late.prefix);
    expect(rows).toHaveLength(3);
    for (const { at } of rows) expect(at).toBeWithin(right_at - 1000, Date.now() + 1000);
    const { data } = await appliance.api<{ data: KeyView[] }>("/api/keys");
    expect(data.find(({ id }) => id === late.id)?.spent_this_month).toBe(6);

    // What was spent is on the disk: it counts after a restart as before.
    await appliance.kill("SIGTERM");
    await appliance.start();
    expect(await ask(late)).toBe(429);
    await appliance.kill("SIGTERM");
  }, 60_000);
});
