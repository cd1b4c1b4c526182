/** Provisioning over HTTP: once per `Idempotency-Key`, and with the words of others. */
import { expect, test } from "bun:test";
import { expectEnvelope } from "../../../app/access.testbed.ts";
import type { DryRun } from "../../scheduler/placement/dry-run.ts";
import type { Resolve } from "../resolution/resolve.ts";
import { changeOf, decide, demo } from "./endpoints.testbed.ts";
import { fits, type World, worldWith } from "./routes.testbed.ts";

const path = "/api/provision";
const body = { model: demo, env: { TZ: "UTC", LANG: "C" } };
const key = { "idempotency-key": "k-1" };

async function provision(
  { ask }: World,
  sent: unknown,
  headers = {},
  as: "member" | "admin" = "member",
) {
  const response = await ask(as, "POST", path, sent, headers);
  const text = await response.text();
  if (response.status >= 400) expectEnvelope(text);
  const { id, error } = JSON.parse(text);
  return { status: response.status, id, code: error?.code, param: error?.param, error };
}

test("without a key every request is a separate endpoint with a separate name", async () => {
  const world = worldWith();
  const [a, b] = [await provision(world, body), await provision(world, body)];
  expect([a.status, b.status]).toEqual([202, 202]);
  expect(a.id).not.toBe(b.id);
  const names = world.endpoints.list().map(({ name }) => name);
  for (const name of names) expect(name).toMatch(/^hypervize-demo-[a-z0-9]{5}$/);
  expect(new Set(names).size).toBe(2);
});

test("the same key and body are the same endpoint, however the fields are ordered", async () => {
  const world = worldWith();
  const first = await provision(world, body, key);
  const again = await provision(world, { env: { LANG: "C", TZ: "UTC" }, model: demo }, key);
  expect([again.status, again.id]).toEqual([202, first.id]);
  expect(world.endpoints.list()).toHaveLength(1);
});

test("two at the same time are one, and both hear of it", async () => {
  const gate = Promise.withResolvers<void>();
  let resolved = 0;
  const resolve: Resolve = async () => {
    resolved += 1;
    await gate.promise;
    return {
      artifact: { runtime: "llama-server", source: demo, context_tokens: 1, model: null },
      sizing: null,
      warnings: [],
    };
  };
  const world = worldWith({ resolve });
  const both = [provision(world, body, key), provision(world, body, key)];
  const other = provision(world, { ...body, concurrency: 2 }, key);
  gate.resolve();
  const [a, b] = await Promise.all(both);
  expect([a?.status, a?.id]).toEqual([202, b?.id]);
  expect(await other).toMatchObject({ status: 409, code: "idempotency_key_reused" });
  expect([resolved, world.endpoints.list().length]).toEqual([1, 1]);
});

test("a key with another body is refused, and it belongs to one user", async () => {
  const world = worldWith();
  const first = await provision(world, body, key);
  expect(await provision(world, { ...body, context: 512 }, key)).toMatchObject({
    status: 409,
    code: "idempotency_key_reused",
  });
  const theirs = await provision(world, body, key, "admin");
  expect([theirs.status, theirs.id === first.id]).toEqual([202, false]);
});

test("a request that was refused may be repeated with the same key", async () => {
  const world = worldWith();
  const bad = { ...body, model: "builtin:nothing" };
  expect((await provision(world, bad, key)).status).toBe(400);
  expect((await provision(world, body, key)).status).toBe(202);
});

test("a key whose endpoint is deleted does not make another one", async () => {
  const world = worldWith();
  await provision(world, body, key);
  const [made] = world.endpoints.list();
  if (made) decide(world.database, world.endpoints, [{ ...changeOf(made), standing: null }]);
  expect(await provision(world, body, key)).toMatchObject({ status: 409 });
  expect(world.endpoints.list()).toEqual([]);
});

test("endpoint and key are written together or not at all", async () => {
  const world = worldWith();
  world.database.$client.exec(
    "create trigger no_keys before insert on provision_keys begin select raise(abort, 'full'); end",
  );
  expect((await provision(world, body, key)).status).toBe(500);
  expect(world.endpoints.list()).toEqual([]);
  expect(world.database.$client.prepare("select * from endpoints").all()).toEqual([]);
});

test("a key that is no header for people is refused", async () => {
  for (const bad of ["", "x".repeat(256)]) {
    const answer = await provision(worldWith(), body, { "idempotency-key": bad });
    expect([answer.status, answer.param]).toEqual([400, "Idempotency-Key"]);
  }
});

test("what fits nowhere is refused at once, in the words of placement; a dry run only tells", async () => {
  const never: DryRun = {
    placement: null,
    refused: { refused: "never", detail: "It needs 90 GiB.", nearest: "Two H100-80 would do." },
    would_stop: [],
  };
  const world = worldWith({ dryRun: () => never });
  const answer = await provision(world, body);
  expect(answer).toMatchObject({ status: 400, code: "no_capacity" });
  expect(answer.error.message).toBe("It needs 90 GiB. Two H100-80 would do.");
  const dry = await world.ask("member", "POST", `${path}?dry_run=1`, body);
  expect([dry.status, (await dry.json()).refused]).toEqual([200, never.refused]);
  expect(world.endpoints.list()).toEqual([]);
});

test("what only has no room now is provisioned and waits", async () => {
  const busy: DryRun = {
    ...fits,
    placement: null,
    refused: { refused: "busy", detail: "Full.", nearest: null },
  };
  expect((await provision(worldWith({ dryRun: () => busy }), body)).status).toBe(202);
});

test("Hugging Face's body makes an endpoint, and is checked like ours", async () => {
  const world = worldWith();
  const compute = {
    accelerator: "cpu",
    instanceSize: "x2",
    scaling: { minReplica: 0, maxReplica: 2, scaleToZeroTimeout: 15 },
  };
  const sent = {
    accountId: null,
    name: "zephyr",
    type: "authenticated",
    compute,
    tags: ["dev"],
    provider: { region: "us-east-1", vendor: "aws" },
    model: { framework: "llamacpp", repository: demo, revision: null, image: { huggingface: {} } },
  };
  expect((await provision(world, sent)).status).toBe(202);
  expect(world.endpoints.existing("zephyr").spec).toMatchObject({
    model: demo,
    runtime: "llama-server",
    gpu: { type: "cpu", count: null },
    max_replicas: 2,
    idle_timeout_s: 900,
    visibility: "team",
  });
  const bad = { ...sent, name: "other", compute: { scaling: { minReplica: 5, maxReplica: 2 } } };
  expect((await provision(world, bad)).param).toBe("min_replicas");
  expect((await provision(world, { ...sent, model: {} })).param).toBe("model");
});

test.each([
  [{ context_tokens: 4096, concurrency: 2 }],
  [{ context: 4096, slots: 2 }],
  [{ context_tokens: 4096, context: 4096, n_slots: 2 }],
])("%j is one setting in every spelling, when it is made and when it is changed", async (said) => {
  const world = worldWith();
  const shown = { context: 4096, context_tokens: 4096, concurrency: 2 };
  const made = await world.ask("member", "POST", path, { model: demo, ...said });
  expect([made.status, await made.json()]).toEqual([202, expect.objectContaining(shown)]);
  const [endpoint] = world.endpoints.list();
  const at = `/api/endpoints/${endpoint?.id}`;
  await world.ask("member", "PATCH", at, { context: 512, concurrency: 1 });
  const changed = await world.ask("member", "PATCH", at, said);
  expect([changed.status, await changed.json()]).toEqual([200, expect.objectContaining(shown)]);
});

test.each([
  [{ context_tokens: 4096, context: 2048 }, "context", "`context_tokens` and `context`"],
  [{ concurrency: 1, slots: 2 }, "slots", "`concurrency` and `slots`"],
  [{ slots: 0 }, "slots", "`slots` must be"],
  [{ n_slots: "2" }, "n_slots", "`n_slots` must be"],
  [{ context_tokens: 1 }, "context_tokens", "`context_tokens` must be"],
  [{ context: 1 }, "context", "`context` must be"],
])("%j is refused in the words that were sent", async (said, param, message) => {
  const answer = await provision(worldWith(), { model: demo, ...said });
  expect(answer).toMatchObject({ status: 400, param });
  expect(answer.error.message).toContain(message);
});
