import { expect, test } from "bun:test";
import {
  ggufHeader,
  smallLlama,
  smallTensors,
} from "../../../../agent/contract/gguf/gguf.testbed.ts";
import { guard, httpWith, requestAs } from "../../../app/access.testbed.ts";
import { type TestHub, testHub } from "./hub.testbed.ts";
import { answerFromHub, hubReader, type ReadHub } from "./hub-question.ts";
import { sizingRoutes } from "./routes.ts";
import { safetensors } from "./safetensors.testbed.ts";
import truth from "./truth.json";

const config = truth.configs["Qwen/Qwen3-0.6B"].config;
const gguf = ggufHeader(smallLlama, smallTensors);

const world = (): TestHub =>
  testHub({
    "org/m": {
      files: { "config.json": JSON.stringify(config), "model.safetensors": safetensors(1_000_000) },
      claims: { "model.safetensors": 1_000_100 },
    },
    "org/quants": { files: { "q-Q8_0.gguf": gguf, "q-Q4_0.gguf": gguf } },
    "org/gated-8B": { files: { "config.json": "{}", "model.safetensors": "" }, token: "hf_x" },
  });
const reader = (hub: TestHub): ReadHub => hubReader(hub, "", 5000);

test("a repository is sized by its own config and headers", async () => {
  using hub = world();
  const sizing = await answerFromHub({ model: "org/m" }, reader(hub));
  expect(sizing).toMatchObject({ source: "headers", verdict: "fits" });
  expect(sizing.weights_bytes_per_gpu).toBe(1_000_000);
});

test("another type than the files' is computed from the config's shapes", async () => {
  using hub = world();
  const sizing = await answerFromHub({ model: "org/m", dtype: "fp8" }, reader(hub));
  expect(sizing.source).toBe("name");
  expect(sizing.weights_bytes_per_gpu).toBeGreaterThan(500_000_000);
});

test("a GGUF file is chosen by the word behind the name, and without one the choices are listed", async () => {
  using hub = world();
  const sizing = await answerFromHub({ model: "org/quants:Q8_0" }, reader(hub));
  expect(sizing.explanation).toStartWith("org/quants:q-Q8_0.gguf (Q8_0) fits");
  expect(answerFromHub({ model: "org/quants" }, reader(hub))).rejects.toThrow("Q4_0, Q8_0");
});

test("a config that came with the question, and a plain name, do not ask the hub", async () => {
  using hub = world();
  await answerFromHub({ model: "org/m", config }, reader(hub));
  await answerFromHub({ model: "some-8B" }, reader(hub));
  expect(hub.asked).toEqual([]);
});

test("what the hub does not show is guessed from the name, and the answer says why", async () => {
  using hub = world();
  const gated = await answerFromHub({ model: "org/gated-8B" }, reader(hub));
  expect(gated.source).toBe("name");
  expect(gated.explanation).toContain("org/gated-8B is gated");
  const missing = await answerFromHub({ model: "org/none-8B" }, reader(hub));
  expect(missing.explanation).toContain("which has no such model");
  const unknown = answerFromHub({ model: "org/none" }, reader(hub));
  expect(unknown).rejects.toMatchObject({ status: 422, code: "model_size_unknown" });
  expect(unknown).rejects.toThrow("which has no such model");
});

test("a hub that is not there costs no more than the patience for it", async () => {
  using hub = world();
  hub.storage.silent = true;
  const sizing = await answerFromHub({ model: "org/m" }, hubReader(hub, "", 50));
  expect(sizing.weights_bytes_per_gpu).toBe(1_000_100);
  expect(sizing.explanation).toContain("did not answer in time");
});

test("POST /api/size asks the hub when there is one", async () => {
  using hub = world();
  const http = httpWith([sizingRoutes(guard, reader(hub))]);
  const ask = (body: unknown) => http.handle(requestAs("member", "POST", "/api/size", body));
  expect(await (await ask({ model: "org/m" })).json()).toMatchObject({ source: "headers" });
  const refused = await ask({ model: "org/quants" });
  expect([refused.status, (await refused.json()).error.param]).toEqual([400, "model"]);
});
