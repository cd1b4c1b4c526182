import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  ggufHeader,
  type Pair,
  small_tensors_bytes,
  smallLlama,
  smallTensors,
} from "../../../../agent/contract/gguf/gguf.testbed.ts";
import { readLocalModel } from "./local-files.ts";
import { safetensors } from "./safetensors.testbed.ts";
import truth from "./truth.json";

const root = mkdtempSync(join(tmpdir(), "sizing-"));
afterAll(() => rmSync(root, { recursive: true }));

let folders = 0;
/** A new folder with these files. */
async function folder(files: Record<string, string | Uint8Array>): Promise<string> {
  const path = join(root, String(++folders));
  for (const [name, content] of Object.entries(files)) await Bun.write(join(path, name), content);
  return path;
}

const config = JSON.stringify(truth.configs["Qwen/Qwen3-0.6B"].config);
const index = (total_size: number, ...files: readonly string[]): string =>
  JSON.stringify({
    metadata: { total_size },
    weight_map: Object.fromEntries(files.map((file, i) => [`t${i}`, file])),
  });

describe("a folder of safetensors", () => {
  test("is summed over the headers of all files", async () => {
    const path = await folder({
      "config.json": config,
      "model-00001-of-00002.safetensors": safetensors(1000, 24),
      "model-00002-of-00002.safetensors": safetensors(4096),
      "consolidated.safetensors": safetensors(9999),
    });
    const read = await readLocalModel(path);
    expect(read?.weights).toEqual({ bytes: 5120, source: "headers" });
    expect(read?.config?.facts.hidden).toBe(1024);
  });

  test("is summed over the files of its index only", async () => {
    const path = await folder({
      "model.safetensors.index.json": index(1, "a.safetensors"),
      "a.safetensors": safetensors(64),
      "adapter.safetensors": safetensors(128),
    });
    expect((await readLocalModel(path))?.weights).toEqual({ bytes: 64, source: "headers" });
  });

  test("goes by the index while files are missing", async () => {
    const path = await folder({
      "config.json": config,
      "model.safetensors.index.json": index(1_500_000, "a.safetensors", "b.safetensors"),
      "a.safetensors": safetensors(64),
    });
    expect((await readLocalModel(path))?.weights).toEqual({ bytes: 1_500_000, source: "index" });
  });

  test("may have no weights yet", async () => {
    expect(
      (await readLocalModel(await folder({ "config.json": config })))?.weights,
    ).toBeUndefined();
  });

  test.each([
    ["is empty", new Uint8Array(0), "shorter than 8 bytes"],
    ["is cut off", safetensors(64).subarray(0, 40), "cannot be read"],
    ["has an impossible header", Buffer.alloc(8, 0xff), "impossible length"],
    ["has no offsets", Buffer.from('\x0e\0\0\0\0\0\0\0{"t":{"x":[]}}'), "no valid offsets"],
  ])("is refused by name when a file %s", async (_, bytes, message) => {
    const path = await folder({ "model.safetensors": bytes });
    const reading = readLocalModel(path);
    expect(reading).rejects.toThrow(/^model\.safetensors cannot be read: /);
    expect(reading).rejects.toThrow(message);
  });

  test("is refused when its config is no JSON", async () => {
    const path = await folder({ "config.json": "{" });
    expect(readLocalModel(path)).rejects.toThrow("config.json cannot be read");
  });
});

describe("a GGUF file", () => {
  test("is read, also when its tokenizer is longer than one range", async () => {
    const tokens: Pair = [
      "tokenizer.ggml.tokens",
      Array.from({ length: 150_000 }, (_, i) => `token${i}`),
    ];
    const path = await folder({ "m.gguf": ggufHeader([...smallLlama, tokens], smallTensors) });
    const read = await readLocalModel(join(path, "m.gguf"));
    expect(read?.facts?.vocab).toBe(150_000);
    expect(read?.weights).toEqual({ bytes: small_tensors_bytes, source: "headers" });
    expect(await readLocalModel(path)).toEqual(read);
  });

  test("in parts is summed over them, whichever is named", async () => {
    const path = await folder({
      "m-00001-of-00002.gguf": ggufHeader(smallLlama, smallTensors),
      "m-00002-of-00002.gguf": ggufHeader([], smallTensors),
    });
    for (const part of ["m-00001-of-00002.gguf", "m-00002-of-00002.gguf"]) {
      expect((await readLocalModel(join(path, part)))?.weights?.bytes).toBe(
        2 * small_tensors_bytes,
      );
    }
  });

  test("is refused by name when a part of it is missing or cut off", async () => {
    const header = ggufHeader(smallLlama, smallTensors);
    const path = await folder({
      "m-00001-of-00002.gguf": header,
      "cut.gguf": header.subarray(0, 100),
    });
    expect(readLocalModel(join(path, "m-00001-of-00002.gguf"))).rejects.toThrow(
      "m-00002-of-00002.gguf cannot be read",
    );
    expect(readLocalModel(join(path, "cut.gguf"))).rejects.toThrow("cut.gguf cannot be read");
  });
});

test("a path that is not there is the name of a model, and another file is none", async () => {
  expect(await readLocalModel(join(root, "org/model-8B"))).toBeUndefined();
  const path = await folder({ "readme.md": "hello" });
  expect(readLocalModel(join(path, "readme.md"))).rejects.toThrow(
    "neither a .gguf file nor a folder",
  );
  expect(readLocalModel(path)).rejects.toThrow("holds no config.json");
});
