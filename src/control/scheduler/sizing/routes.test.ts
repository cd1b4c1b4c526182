import { expect, test } from "bun:test";
import { guard, httpWith, play, requestAs } from "../../../app/access.testbed.ts";
import { sizingRoutes } from "./routes.ts";
import truth from "./truth.json";

const world = () => httpWith([sizingRoutes(guard)]);
const { config } = truth.configs["Qwen/Qwen3-32B"];
const members = (status: number) => ({ guest: 401, viewer: 403, member: status, admin: status });
const ask = { method: "POST", path: "/api/size" };
const refusal = (name: string, body: unknown, status = 400) => ({
  ...ask,
  name,
  body,
  status: members(status),
});

play(world, [
  {
    ...ask,
    name: "sizing by a config",
    body: {
      model: "Qwen/Qwen3-32B",
      config,
      gpu: "H100-80",
      gpus: 2,
      context: 32_000,
      concurrency: 2,
    },
    status: members(200),
    shows: [
      '"verdict":"fits"',
      '"tensor_parallel":2',
      '"kv_bytes_per_token":262144',
      '"explanation":"Qwen',
    ],
  },
  {
    ...ask,
    name: "sizing by a name",
    body: { model: "org/some-7B-AWQ" },
    status: members(200),
    shows: ['"source":"name"', '"gpu":"H100-80"', "guessed"],
  },
  {
    ...ask,
    name: "sizing by a config alone",
    body: { config },
    status: members(200),
    shows: ["This model (bf16) fits"],
  },
  refusal("asking nothing", {}),
  refusal("an empty name", { model: "" }),
  refusal("a name without a size", { model: "org/x" }, 422),
  refusal("a path of the appliance, which is only a name", { model: "/etc/passwd" }, 422),
  refusal("an unknown GPU", { model: "x-7B", gpu: "H1000" }),
  refusal("no GPU", { model: "x-7B", gpus: 0 }),
  refusal("half a GPU", { model: "x-7B", gpus: 1.5 }),
  refusal("a negative context", { model: "x-7B", context: -1 }),
  refusal("no requests", { model: "x-7B", concurrency: 0 }),
  refusal("more than the whole GPU", { model: "x-7B", utilization: 1.5 }),
  refusal("an unknown dtype", { model: "x-7B", dtype: "fp7" }),
  refusal("text for a number", { model: "x-7B", context: "4096" }),
  refusal("a config that is a list", { model: "x-7B", config: [] }),
  refusal("a misspelt field", { model: "x-7B", contxt: 1 }),
]);

test("the answer has the fields of the contract, bytes as whole numbers", async () => {
  const response = await world().handle(requestAs("member", "POST", "/api/size", { config }));
  const sizing = await response.json();
  for (const field of [
    "gpus",
    "tensor_parallel",
    "weights_bytes_per_gpu",
    "kv_bytes_per_token",
    "kv_bytes_per_gpu",
    "activation_bytes_per_gpu",
    "overhead_bytes_per_gpu",
    "max_context",
    "max_concurrency",
  ]) {
    expect([field, Number.isSafeInteger(sizing[field])]).toEqual([field, true]);
  }
  expect(["fits", "fits_smaller", "no"]).toContain(sizing.verdict);
  expect(["headers", "index", "name", "ledger"]).toContain(sizing.source);
});

test.each([
  [{ context_tokens: 32_000, concurrency: 2 }],
  [{ context: 32_000, slots: 2 }],
  [{ context: 32_000, context_tokens: 32_000, n_slots: 2 }],
])("%j is one question in every spelling", async (said) => {
  const sent = { model: "Qwen/Qwen3-32B", config, ...said };
  const answer = await world().handle(requestAs("member", "POST", "/api/size", sent));
  expect(await answer.json()).toMatchObject({
    context_tokens: 32_000,
    context: 32_000,
    concurrency: 2,
  });
});

test.each([
  [{ context_tokens: 1024, context: 2048 }, "`context_tokens` and `context`"],
  [{ concurrency: 1, n_slots: 2 }, "`concurrency` and `n_slots`"],
  [{ slots: 0 }, "`slots` must be"],
])("the question %j is refused in the words that were sent", async (said, message) => {
  const sent = { model: "Qwen/Qwen3-32B", config, ...said };
  const answer = await world().handle(requestAs("member", "POST", "/api/size", sent));
  expect([answer.status, (await answer.json()).error.message]).toEqual([
    400,
    expect.stringContaining(message),
  ]);
});
