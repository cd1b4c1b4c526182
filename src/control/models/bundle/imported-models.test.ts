import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseHubSource } from "../../../../agent/contract/gguf/hub-source.ts";
import { parseS3Source } from "../../../../agent/contract/s3/source.ts";
import { importedReader } from "../../scheduler/sizing/hub-question.ts";
import type { FileFacts } from "../../scheduler/sizing/model-files.ts";
import { h100, specOf } from "../resolution/resolve.testbed.ts";
import { createResolver } from "../resolution/resolve.ts";
import { type ImportedModels, importedModelsIn, rememberModels } from "./imported-models.ts";

const facts: FileFacts = { weights: { bytes: 4e9, source: "headers" } };
const commit = "c".repeat(40);
const repository = "org/model-8B-GGUF";
const entry = { repository, commit, revision: "main", files: ["m-Q4_K_M.gguf"], facts };
const folder = {
  repository: "org/model-8B",
  commit,
  revision: "main",
  facts,
  files: ["config.json", "model.safetensors"],
};

let home: string;
let imported: ImportedModels;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "hypervize-imported-"));
  imported = importedModelsIn(home);
});
afterEach(() => rmSync(home, { recursive: true }));

const find = (text: string, runtime: string | null = null) => {
  const source = parseS3Source(text) ?? parseHubSource(text);
  if (source === undefined) throw new Error(text);
  return imported.onHub(source, runtime);
};

test("without an import nothing is known", () => {
  expect(find(repository)).toBeUndefined();
  expect(imported.atPath("/x/models/a/m.gguf")).toBeUndefined();
});

describe("what was imported", () => {
  beforeEach(() => rememberModels(home, { repositories: [entry, folder], files: [] }));

  test.each([
    [repository, null],
    [`${repository}:Q4_K_M`, null],
    [`${repository}:m-Q4_K_M.gguf`, "llama-server"],
    [`${repository}@main`, null],
    [`${repository}@${commit}:Q4_K_M`, null],
  ])("is found as %s", (text, runtime) => {
    const found = find(text, runtime);
    expect(found).toEqual({ format: "gguf", file: "m-Q4_K_M.gguf", commit, facts, warnings: [] });
  });

  test("may be a folder of safetensors, for runtimes that take one", () => {
    expect(find("org/model-8B", "vllm")).toMatchObject({ format: "safetensors", file: null });
    expect(find("org/model-8B", "llama-server")).toBeUndefined();
    expect(find("org/model-8B:Q4_K_M")).toBeUndefined();
  });

  test.each([
    [`${repository}:Q8_0`],
    [`${repository}@v2`],
    [`${repository}@${"d".repeat(40)}`],
    ["org/other"],
  ])("is not %s, which the hub is asked for", (text) => expect(find(text)).toBeUndefined());

  test("is not for a runtime that cannot run it", () => {
    expect(find(repository, "vllm")).toBeUndefined();
  });

  test("is replaced by a newer import of the same, and lies beside others", () => {
    const newer = { ...entry, facts: { weights: { bytes: 5e9, source: "headers" as const } } };
    const other = { ...entry, files: ["m-Q8_0.gguf"] };
    rememberModels(home, { repositories: [newer, other], files: [] });
    expect(find(`${repository}:Q4_K_M`)?.facts.weights?.bytes).toBe(5e9);
    expect(find(`${repository}:Q8_0`)?.file).toBe("m-Q8_0.gguf");
  });

  test("is resolved without a request to a hub, down to its commit", async () => {
    const resolve = createResolver({
      hub: { endpoint: "http://hub", fetch: () => Promise.reject(asked), timeout_ms: 1 },
      imported: imported.onHub,
      readLocal: async () => undefined,
    });
    const { artifact, warnings } = await resolve(specOf({ model: repository }), "", [h100]);
    expect(artifact).toMatchObject({
      runtime: "llama-server",
      source: `hf:${repository}@${commit}:m-Q4_K_M.gguf`,
      model: { weights_bytes: 4e9, source: "headers" },
    });
    expect(warnings).toEqual([]);
  });

  test("may be of S3, and then needs no store", async () => {
    const place = "s3://models/llms/m";
    rememberModels(home, { repositories: [{ ...entry, repository: place }], files: [] });
    const resolve = createResolver({
      hub: { endpoint: "http://hub", fetch: () => Promise.reject(asked), timeout_ms: 1 },
      imported: imported.onHub,
      readLocal: async () => undefined,
    });
    const { artifact } = await resolve(specOf({ model: `${place}:Q4_K_M` }), "", [h100]);
    expect(artifact.source).toBe(`${place}@${commit}:m-Q4_K_M.gguf`);
    const { facts: read } = await importedReader(imported.onHub, () => Promise.reject(asked))({
      repository: place,
      revision: null,
      word: null,
    });
    expect(read).toEqual(facts);
  });
});

const asked = new Error("the hub was asked");

test("a model that was a file is known by the end of its path, whatever the home", () => {
  const below_home = "models/0123456789abcdef/m.gguf";
  rememberModels(home, { repositories: [], files: [{ below_home, facts }] });
  expect(imported.atPath(`/var/lib/agent/${below_home}`)).toEqual(facts);
  expect(imported.atPath(`/var/lib/agent/x${below_home}`)).toBeUndefined();
});

test("a damaged record says what to do", () => {
  rememberModels(home, { repositories: [], files: [] });
  writeFileSync(join(home, "bundle", "models.json"), "{");
  expect(() => find(repository)).toThrow("Remove it, and import the bundles again.");
});
