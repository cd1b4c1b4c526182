import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  ggufHeader,
  smallLlama,
  smallTensors,
} from "../../../../agent/contract/gguf/gguf.testbed.ts";
import { S3Testbed } from "../../../../agent/contract/s3/s3.testbed.ts";
import type { Failure } from "../../../shared/failure.ts";
import { readLocalModel } from "../../scheduler/sizing/local-files.ts";
import { safetensors } from "../../scheduler/sizing/safetensors.testbed.ts";
import truth from "../../scheduler/sizing/truth.json";
import type { Asked } from "./artifact.ts";
import { h100, processors, specOf } from "./resolve.testbed.ts";
import { createResolver } from "./resolve.ts";

const config = Buffer.from(JSON.stringify(truth.configs["Qwen/Qwen3-0.6B"].config));
const nowhere = () => Promise.reject(new Error("a hub was asked"));

let bed: S3Testbed;
beforeEach(async () => {
  bed = await S3Testbed.start({
    "m/config.json": config,
    "m/model.safetensors": Buffer.from(safetensors(1_000_000)),
    "q/x-Q4_K_M.gguf": ggufHeader(smallLlama, smallTensors),
  });
});
afterEach(() => bed.stop());

function resolved(over: Partial<Asked>) {
  const hub = { endpoint: "http://hub.invalid", timeout_ms: 1000, fetch: nowhere };
  const access = () => bed.access();
  const store = { access, fetch, now: Date.now, timeout_ms: 2000 };
  const resolve = createResolver({ hub, store, readLocal: readLocalModel });
  return resolve(specOf(over), "", [h100, processors]);
}

test("a folder of safetensors runs on vllm, and is pinned to what it holds", async () => {
  const { artifact, warnings } = await resolved({ model: "s3://models/m" });
  expect(artifact).toMatchObject({ runtime: "vllm", model: { source: "headers" } });
  expect(artifact.source).toMatch(/^s3:\/\/models\/m@[0-9a-f]{40}$/);
  expect(warnings).toEqual([]);
  bed.put("m/model.safetensors", Buffer.from(safetensors(2_000_000)));
  const later = await resolved({ model: "s3://models/m" });
  expect(later.artifact.source).not.toBe(artifact.source);
});

test("other files that come into the folder do not change the pin", async () => {
  const { artifact } = await resolved({ model: "s3://models/q" });
  bed.put("q/x-Q8_0.gguf", ggufHeader(smallLlama, smallTensors));
  const later = await resolved({ model: "s3://models/q/x-Q4_K_M.gguf" });
  expect(artifact.source).toMatch(/^s3:\/\/models\/q@[0-9a-f]{40}:x-Q4_K_M\.gguf$/);
  expect(later.artifact.source).toBe(artifact.source);
});

test("a store that is busy leaves it to the hosts, with a warning", async () => {
  bed.failNext({ at: "list", status: 503, code: "SlowDown" });
  const { artifact, warnings } = await resolved({ model: "s3://models/q:Q4_K_M" });
  expect(artifact).toMatchObject({ runtime: "llama-server", source: "s3://models/q:Q4_K_M" });
  expect(warnings[0]).toBe(
    `s3://models/q could not be looked up at ${bed.url}, which answered 503 (SlowDown). It is sized by its name, and the hosts will try to fetch it.`,
  );
});

test.each<[Partial<Asked>, Partial<Failure>, string]>([
  [{ model: "s3://models/none" }, { code: "model_not_found", param: "model" }, "is empty"],
  [{ model: "s3://models/../m" }, { param: "model" }, "is written s3://BUCKET/FOLDER"],
  [{ model: "s3://models/m", revision: "v1" }, { param: "revision" }, "Leave it out."],
  [{ model: "s3://models/m", runtime: "llama-server" }, { param: "runtime" }, "needs a GGUF file"],
])("%j is refused with %j: %s", async (spec, shape, sentence) => {
  const refused = resolved(spec);
  await expect(refused).rejects.toMatchObject({ status: 400, ...shape });
  await expect(refused).rejects.toThrow(sentence);
});
