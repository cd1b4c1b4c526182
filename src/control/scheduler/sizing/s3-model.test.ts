import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  ggufHeader,
  smallLlama,
  smallTensors,
} from "../../../../agent/contract/gguf/gguf.testbed.ts";
import { S3Testbed } from "../../../../agent/contract/s3/s3.testbed.ts";
import { parseS3Source, pinOf } from "../../../../agent/contract/s3/source.ts";
import { etagOf } from "../../../../agent/contract/s3/store-answers.testbed.ts";
import { answerFromHub, storeReader } from "./hub-question.ts";
import { HubError } from "./hub-request.ts";
import { readS3Model } from "./s3-model.ts";
import { safetensors } from "./safetensors.testbed.ts";
import truth from "./truth.json";

const config = Buffer.from(JSON.stringify(truth.configs["Qwen/Qwen3-0.6B"].config));
const tensors = Buffer.from(safetensors(1_000_000));
const gguf = ggufHeader(smallLlama, smallTensors);

let bed: S3Testbed;
beforeEach(async () => {
  bed = await S3Testbed.start({
    "m/config.json": config,
    "m/model.safetensors": tensors,
    "m/run.py": config,
    "q/x-Q8_0.gguf": gguf,
    "q/x-Q4_0.gguf": gguf,
  });
});
afterEach(() => bed.stop());

const store = (timeout_ms = 5000) => ({
  access: () => bed.access(),
  fetch,
  now: Date.now,
  timeout_ms,
});

function read(text: string, from = store()) {
  const { signal } = new AbortController();
  const source = parseS3Source(text);
  if (source === undefined) throw new Error(`no source ${text}`);
  return readS3Model(from, source, { runtime: null, signal });
}

test("a folder is read by range, and pinned by the files that are run of it", async () => {
  const reading = await read("s3://models/m");
  expect(reading).toMatchObject({ format: "safetensors", file: null, warnings: [] });
  expect(reading.facts.weights).toEqual({ bytes: 1_000_000, source: "headers" });
  const files = { "config.json": config, "model.safetensors": tensors };
  const objects = Object.entries(files).map(([name, body]) => ({
    name,
    bytes: body.length,
    etag: etagOf({ body }),
  }));
  expect(reading.commit).toBe(pinOf(objects));
  expect(bed.requests.filter(({ at }) => at === "get").every(({ range }) => range)).toBe(true);
});

test("a GGUF file is chosen by its name or a word, and without one the choices are listed", async () => {
  expect(await read("s3://models/q:Q8_0")).toMatchObject({ format: "gguf", file: "x-Q8_0.gguf" });
  expect(await read("s3://models/q/x-Q4_0.gguf")).toMatchObject({ file: "x-Q4_0.gguf" });
  await expect(read("s3://models/q")).rejects.toThrow(
    "s3://models/q has several GGUF files. Name one after a colon, as in s3://models/q:Q4_0.",
  );
});

test.each([
  ["s3://models/none", {}, "s3://models/none is empty", "model_not_found"],
  ["s3://other/m", {}, "has no bucket of s3://other", "model_not_found"],
  ["s3://models/m", { secret_access_key: "x" }, "(SignatureDoesNotMatch)", "s3_config"],
  ["s3://models/m", { region: "eu-1" }, "another region", "s3_config"],
])("%s with %j is refused: %s", async (text, changes, sentence, code) => {
  const access = () => bed.access(changes);
  const refused = read(text, { ...store(), access });
  await expect(refused).rejects.toThrow(sentence);
  await expect(refused).rejects.toMatchObject({ status: 400, param: "model", code });
});

test("without a store, and with a wrong clock, the sentence says what to do", async () => {
  await expect(read("s3://models/m", { ...store(), access: () => null as never })).rejects.toThrow(
    "No S3 store is set up. An admin sets its endpoint and keys under Settings",
  );
  const now = () => Date.now() + 3_600_000;
  await expect(read("s3://models/m", { ...store(), now })).rejects.toThrow(
    "The clock of this machine is 60 minutes before the store's.",
  );
});

test("a file that may not be read is denied, not called broken", async () => {
  bed.closed.add("m/config.json");
  await expect(read("s3://models/m")).rejects.toMatchObject({
    status: 400,
    code: "gated_model",
    message: expect.stringContaining("denies access to s3://models/m/config.json."),
  });
});

test("a file that is named is read without the right to list, as the same model", async () => {
  const listed = await read("s3://models/q/x-Q4_0.gguf");
  bed.closed.add("");
  expect(await read("s3://models/q/x-Q4_0.gguf")).toEqual(listed);
});

test("a store that is silent or busy is no refusal", async () => {
  bed.failNext({ at: "list", status: 503, code: "SlowDown" });
  const busy = await read("s3://models/m").catch((error: unknown) => error);
  expect(busy).toBeInstanceOf(HubError);
  expect(busy).toMatchObject({
    problem: "unreachable",
    message: "which answered 503 (SlowDown)",
  });
  bed.failNext({ at: "list", hang_after: 10 });
  await expect(read("s3://models/m", store(50))).rejects.toThrow("which did not answer in time");
});

test("a question about a model in S3 is answered from its files, or by its name with the reason", async () => {
  const never = () => Promise.reject(new Error("the hub was asked"));
  const reader = storeReader(store(), 5000, never);
  const sizing = await answerFromHub({ model: "s3://models/m" }, reader);
  expect(sizing).toMatchObject({ source: "headers", verdict: "fits" });
  await expect(answerFromHub({ model: "s3://models/../m" }, reader)).rejects.toThrow(
    "A model in S3 is written s3://BUCKET/FOLDER",
  );
  bed.failNext({ at: "list", status: 503 });
  const guess = await answerFromHub({ model: "s3://models/some-8B" }, reader);
  expect(guess.source).toBe("name");
  expect(guess.explanation).toContain(`it was looked up at ${bed.url}, which answered 503.`);
});
