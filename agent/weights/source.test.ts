import { afterAll, beforeAll, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { copyOnce } from "./builtin.ts";
import { weightsFrom } from "./source.ts";
import type { WeightsFormat } from "./weights.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "hypervize-weights-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const signal = new AbortController().signal;
const tell = () => undefined;
const hub = {
  get: async ({ source }: { source: string }) => ({ path: `/hub/${source}`, bytes: 9 }),
  sources: () => ["hf:org/repo:Q8_0"],
};
const weights = weightsFrom({ demo: async () => import.meta.path }, hub);
const resolve = (source: string, format: WeightsFormat = "gguf") =>
  weights.resolve({ source, format, hf_token: "", signal, tell });

test("a builtin name gives its copy, a file URL its path, the hub what it has", async () => {
  const bytes = Bun.file(import.meta.path).size;
  expect(await resolve("builtin:demo")).toEqual({ path: import.meta.path, bytes });
  const path = join(folder, "a model.gguf");
  writeFileSync(path, "x");
  expect(await resolve(`file://${folder}/a%20model.gguf`)).toEqual({ path, bytes: 1 });
  expect(await resolve("hf:org/repo")).toEqual({ path: "/hub/hf:org/repo", bytes: 9 });
  expect(weights.sources()).toEqual(["hf:org/repo:Q8_0"]);
});

test("a folder of safetensors gives its path and the bytes of its files", async () => {
  const path = join(folder, "whole");
  mkdirSync(join(path, "beside"), { recursive: true });
  writeFileSync(join(path, "config.json"), "{}");
  await expect(resolve(`file://${path}`, "safetensors")).rejects.toThrow(
    "is no folder with config.json and safetensors",
  );
  writeFileSync(join(path, "model.safetensors"), "12345");
  expect(await resolve(`file://${path}`, "safetensors")).toEqual({ path, bytes: 7 });
  await expect(resolve(`file://${path}`)).rejects.toThrow("is not a file");
  await expect(resolve(`file://${path}/config.json`, "safetensors")).rejects.toThrow("no folder");
});

test.each([
  ["builtin:other", "not_found", 'No model "other" is built in. Available: demo.'],
  ["builtin:toString", "not_found", "is built in"],
  ["file:///no/such/model.gguf", "not_found", "/no/such/model.gguf does not exist on this host"],
  ["file:///etc/passwd/model.gguf", "not_found", "does not exist"],
  ["file:///etc", "config", "/etc is not a file"],
  ["file://model.gguf", "config", "names no absolute path"],
  ["file:model.gguf", "config", "names no absolute path"],
  ["file://server/share/model.gguf", "config", "names no absolute path"],
  ["file:///bad%00name.gguf", "config", "names no absolute path"],
  ["gs://bucket/model.gguf", "config", "cannot get weights from"],
  ["org/repo", "config", "or hf:ORG/REPO with @REVISION and :FILE or :QUANT"],
  ["", "config", "cannot get weights from"],
])("%j is refused as %s: %s", async (source, failure_class, sentence) => {
  const refused = resolve(source);
  await expect(refused).rejects.toMatchObject({ failure_class, retry: false });
  await expect(refused).rejects.toThrow(sentence);
});

test("what is built in is copied once, and a damaged copy is replaced", async () => {
  const embedded = join(folder, "embedded.gguf");
  const bytes = Buffer.alloc(300_000, "weights");
  writeFileSync(embedded, bytes);
  const home = join(folder, "home", "weights");
  const path = await copyOnce(embedded, "demo", home);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  expect(path).toBe(join(home, `demo-${sha256.slice(0, 16)}.gguf`));
  expect(readFileSync(path)).toEqual(bytes);
  writeFileSync(path, bytes.subarray(1));
  expect(await copyOnce(embedded, "demo", home)).toBe(path);
  expect(readFileSync(path)).toEqual(bytes);
  const { mtimeMs } = await Bun.file(path).stat();
  await copyOnce(embedded, "demo", home);
  expect((await Bun.file(path).stat()).mtimeMs).toBe(mtimeMs);
  expect(readdirSync(home)).toHaveLength(1);
});

test("a copy that cannot be written leaves nothing half-done", async () => {
  const embedded = join(folder, "embedded.gguf");
  writeFileSync(embedded, "weights");
  const home = join(folder, "blocked");
  mkdirSync(home);
  const path = await copyOnce(embedded, "demo", home);
  rmSync(path);
  mkdirSync(path);
  await expect(copyOnce(embedded, "demo", home)).rejects.toThrow();
  expect(readdirSync(home)).toHaveLength(1);
});
