/** PATCH over HTTP: what makes a new revision, what does not, and two people at once. */
import { expect, test } from "bun:test";
import { expectEnvelope } from "../../../app/access.testbed.ts";
import type { Resolve, Resolved } from "../resolution/resolve.ts";
import { changeOf, decide, newEndpoint } from "./endpoints.testbed.ts";
import { type World, worldWith } from "./routes.testbed.ts";
import type { EndpointState } from "./status.ts";

function worldAt(standing: Partial<EndpointState>, resolve?: Resolve): World {
  const world = worldWith(resolve && { resolve });
  const made = world.endpoints.create(newEndpoint("chat", { hf_token: "hf_secret" }));
  decide(world.database, world.endpoints, [changeOf(made, standing)]);
  return world;
}

async function patch(world: World, body: unknown) {
  const response = await world.ask("member", "PATCH", "/api/endpoints/chat", body);
  const text = await response.text();
  if (response.status >= 400) expectEnvelope(text);
  return { status: response.status, ...JSON.parse(text) };
}

const artifact = { runtime: "vllm" as const, source: "hf:org/m", context_tokens: 512, model: null };
const answer: Resolved = { artifact, sizing: null, warnings: [] };

test("how many, for whom and how long it stays up change without anything being started again", async () => {
  const world = worldAt({ status: "up" });
  const body = {
    name: "renamed",
    min_replicas: 1,
    max_replicas: 3,
    idle_timeout_s: null,
    cold_start: "fail",
    visibility: "team",
    labels: { region: "eu" },
    task: "chat",
  };
  expect(await patch(world, body)).toMatchObject({ ...body, status: "up", generation: 1 });
  expect(world.endpoints.existing("renamed")).toMatchObject({ revision: 1, previous: null });
});

test("what is run is resolved again, with the kept token, and becomes a new revision", async () => {
  const asked: unknown[] = [];
  const world = worldAt({ status: "up" }, async (spec, hf_token) => {
    asked.push([spec.model, spec.context, hf_token]);
    return answer;
  });
  const view = await patch(world, { model: "org/m", context: 512 });
  expect(asked).toEqual([["org/m", 512, "hf_secret"]]);
  expect(view).toMatchObject({
    generation: 2,
    status: "up",
    context: 512,
    runs: { runtime: "vllm" },
  });
  expect(world.endpoints.existing("chat").previous).toMatchObject({ revision: 1 });
});

test("saying what is so already changes nothing", async () => {
  const world = worldAt({ status: "up" });
  const { spec } = world.endpoints.existing("chat");
  const view = await patch(world, { ...spec, name: "chat", hf_token: "hf_secret" });
  expect(view.generation).toBe(1);
});

test("another token is another revision, and clearing it too", async () => {
  const world = worldAt({ status: "up" });
  expect(await patch(world, { hf_token: "hf_new" })).toMatchObject({
    generation: 2,
    has_hf_token: true,
  });
  expect(world.endpoints.tokenOf(world.endpoints.existing("chat").id)).toBe("hf_new");
  expect(await patch(world, { hf_token: null })).toMatchObject({
    generation: 3,
    has_hf_token: false,
  });
});

test("a paused one gets its new spec and stays paused", async () => {
  const world = worldAt({ status: "paused", intent: "pause" });
  expect(await patch(world, { context: 512 })).toMatchObject({
    generation: 2,
    intent: "pause",
    status: "paused",
  });
  expect(world.endpoints.existing("chat").standing.wake_asked_at).toBeNull();
});

test.each([
  [{ context: 512 }, 5000],
  [{ labels: { region: "eu" } }, 5000],
  [{ name: "other" }, null],
])("a failed one that is changed by %j is woken at %p", async (body, wake_asked_at) => {
  const world = worldAt({ status: "failed", intent: "sleep", cause: "no_capacity" });
  await patch(world, body);
  const [{ standing } = { standing: undefined }] = world.endpoints.list();
  expect(standing?.wake_asked_at).toBe(wake_asked_at);
  expect(standing?.intent).toBe(wake_asked_at === null ? "sleep" : "run");
});

test("one that failed and was paused since stays down", async () => {
  const world = worldAt({ status: "failed", intent: "pause" });
  await patch(world, { context: 512 });
  expect(world.endpoints.existing("chat").standing).toMatchObject({
    intent: "pause",
    wake_asked_at: null,
  });
});

test("what is being deleted takes no changes", async () => {
  const world = worldAt({ intent: "delete" });
  expect(await patch(world, { name: "x" })).toMatchObject({ error: { code: "endpoint_deleting" } });
});

test("a change that cannot run leaves everything as it was", async () => {
  const world = worldAt({ status: "up" });
  const before = world.endpoints.existing("chat");
  for (const body of [
    { model: "builtin:x" },
    { min_replicas: 5 },
    { args: ["--host", "x"] },
    { nmae: "x" },
    { env: null },
  ]) {
    expect([body, (await patch(world, { ...body })).error.type]).toEqual([
      body,
      "invalid_request_error",
    ]);
  }
  expect(world.endpoints.existing("chat")).toBe(before);
});

test("while the hub is asked others may change other things; of two who change what runs one is told", async () => {
  const gate = Promise.withResolvers<void>();
  let asked = 0;
  const world = worldAt({ status: "up" }, async () => {
    asked += 1;
    await gate.promise;
    return { ...answer, artifact: { ...artifact } };
  });
  const first = patch(world, { context: 512 });
  const second = patch(world, { context: 1024 });
  while (asked < 2) await Promise.resolve();
  expect((await patch(world, { max_replicas: 7, name: "chat" })).max_replicas).toBe(7);
  gate.resolve();
  expect(await first).toMatchObject({ generation: 2, context: 512, max_replicas: 7 });
  expect((await second).error.code).toBe("endpoint_changed");
  expect(world.endpoints.existing("chat").spec).toMatchObject({ context: 512, max_replicas: 7 });
});

test("one that is deleted while the hub is asked stays deleted", async () => {
  const gate = Promise.withResolvers<void>();
  const world = worldAt({ status: "up" }, async () => {
    await gate.promise;
    return answer;
  });
  const change = patch(world, { context: 512 });
  await world.ask("member", "DELETE", "/api/endpoints/chat");
  gate.resolve();
  expect((await change).error.code).toBe("endpoint_deleting");
  expect(world.endpoints.existing("chat").revision).toBe(1);
});

test("orders move the intent, and the answer shows it", async () => {
  const world = worldAt({ status: "up" });
  const order = async (word: string) => {
    const response = await world.ask("member", "POST", `/api/endpoints/chat/${word}`);
    const { intent, error } = await response.json();
    return [response.status, intent ?? error.code];
  };
  expect(await order("sleep")).toEqual([202, "sleep"]);
  expect(await order("wake")).toEqual([202, "run"]);
  expect(await order("pause")).toEqual([202, "pause"]);
  expect(await order("wake")).toEqual([409, "endpoint_paused"]);
  expect(await order("resume")).toEqual([202, "run"]);
  const deleted = await (await world.ask("member", "DELETE", "/api/endpoints/chat")).json();
  expect([deleted.status, deleted.intent]).toEqual(["deleting", "delete"]);
  expect(await order("resume")).toEqual([409, "endpoint_deleting"]);
  expect((await world.ask("member", "DELETE", "/api/endpoints/chat")).status).toBe(202);
});
