import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  closeSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { BundleBench, commit, newSigner, noise, visibleIn } from "./bundle.testbed.ts";
import { chunk_bytes } from "./contents.ts";
import { fingerprintOf } from "./envelope.ts";

const bench = new BundleBench();
/** Two and a half chunks, of which the second is also the whole of another model. */
const big = noise(2.5 * chunk_bytes, 1);
const second = big.subarray(chunk_bytes, 2 * chunk_bytes);

beforeAll(async () => {
  bench.cached("org/model-GGUF", { "sub/model-Q4_K_M.gguf": big, "model-Q8_0.gguf": noise(9, 3) });
  const other = bench.put("second.gguf", second);
  bench.put("build/lib/part.so", noise(1000, 4));
  bench.put("build/llama-server", "#!/bin/sh\necho version: 1.2.3\n", 0o755);
  const exported = await bench.export({
    models: ["org/model-GGUF", `file://${other}`],
    runtimes: [{ name: "llama-server", path: join(bench.folder, "build") }],
  });
  expect(exported.fingerprint).toBe(bench.trusted);
  expect(exported.bytes - exported.stored_bytes).toBe(second.length);
});
afterAll(() => bench.close());

test("everything comes to its place, whole, and a second import writes nothing", async () => {
  const home = bench.home();
  const { items, written_bytes } = await bench.import(home);
  expect(written_bytes).toBe(bench.bytes().length - bench.chunks_at);
  const [hub, local, runtime] = items.map(({ path }) => path);
  expect(hub).toEndWith(`snapshots/${commit}/sub/model-Q4_K_M.gguf`);
  expect(readlinkSync(hub ?? "")).toStartWith("../../../blobs/");
  expect(readFileSync(hub ?? "").equals(big)).toBe(true);
  expect(readFileSync(local ?? "").equals(second)).toBe(true);
  expect(Bun.spawnSync([runtime ?? ""]).stdout.toString()).toBe("version: 1.2.3\n");
  expect(runtime).toBe(join(home, "runtimes", "llama-server-1.2.3", "llama-server"));
  const before = visibleIn(home);
  const again = await bench.import(home);
  expect(again.written_bytes).toBe(0);
  expect(again.items).toEqual(items);
  expect(visibleIn(home)).toEqual(before);
});

test("what is here already is believed by its bytes: a file that is not right is replaced, no other", async () => {
  const home = bench.home();
  const { items, written_bytes } = await bench.import(home);
  const paths = items.map(({ path }) => realpathSync(path));
  const [hub = "", local = "", runtime = ""] = paths;
  for (const path of paths) {
    const bytes = readFileSync(path);
    bytes[7] = (bytes[7] ?? 0) ^ 1;
    writeFileSync(path, bytes);
  }
  const part = join(dirname(runtime), "lib/part.so");
  const untouched = statSync(part).ino;
  const running = openSync(hub, "r");
  const mended = await bench.import(home);
  expect(mended.items).toEqual(items);
  expect(mended.written_bytes).toBeGreaterThan(big.length);
  expect(mended.written_bytes).toBeLessThan(written_bytes);
  expect(readFileSync(hub).equals(big)).toBe(true);
  expect(readFileSync(local).equals(second)).toBe(true);
  expect(Bun.spawnSync([runtime]).stdout.toString()).toBe("version: 1.2.3\n");
  expect(statSync(part).ino).toBe(untouched);
  // What runs from the old file is not disturbed.
  expect(readFileSync(running).equals(big)).toBe(false);
  closeSync(running);
});

test("a branch that this host knows already stays where it is", async () => {
  const home = bench.home();
  const ref = join(home, "agent/weights/hub/models--org--model-GGUF/refs/main");
  const newer = "f".repeat(40);
  await Bun.write(ref, newer);
  await bench.import(home);
  expect(await Bun.file(ref).text()).toBe(newer);
});

describe("what is refused leaves nothing visible:", () => {
  const spoil = (change: (bytes: Buffer) => Buffer) => {
    return change(bench.bytes());
  };
  const flip = (bytes: Buffer, at: number) => {
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    return bytes;
  };
  const from = (chunk: number) => bench.chunks_at + chunk * chunk_bytes;

  test.each<[string, () => Buffer, string]>([
    ["another file", () => noise(1000, 5), "This is not a bundle"],
    ["nothing", () => Buffer.alloc(0), "This is not a bundle"],
    ["a cut list", () => spoil((b) => b.subarray(0, 300)), "ends inside its list of contents"],
    ["a cut key", () => spoil((b) => b.subarray(0, 40)), "ends inside its list of contents"],
    ["a changed list", () => spoil((b) => flip(b, 200)), "is not what its maker signed"],
    ["a changed signature", () => spoil((b) => flip(b, 60)), "is not what its maker signed"],
    ["a changed key", () => spoil((b) => flip(b, 25)), "is not what its maker signed"],
    ["a flipped bit in the 1st chunk", () => spoil((b) => flip(b, from(0))), "chunk 1 of 5 is not"],
    ["one in the 3rd", () => spoil((b) => flip(b, from(2) + 77)), "chunk 3 of 5 is not"],
    ["one in the last", () => spoil((b) => flip(b, b.length - 1)), "chunk 5 of 5 is not"],
    ["a cut chunk", () => spoil((b) => b.subarray(0, from(1) + 5)), "ends in chunk 2 of 5"],
    ["a missing last byte", () => spoil((b) => b.subarray(0, -1)), "ends in chunk 5 of 5"],
    ["more than all", () => spoil((b) => Buffer.concat([b, b])), "goes on behind its last chunk"],
    [
      "two chunks in each other's place",
      () => {
        const b = bench.bytes();
        const [one, two, three] = [0, 1, 2].map(from) as [number, number, number];
        const parts = [b.subarray(0, one), b.subarray(two, three), b.subarray(one, two)];
        return Buffer.concat([...parts, b.subarray(three)]);
      },
      "chunk 1 of 5 is not",
    ],
    [
      "a chunk of another bundle",
      () => spoil((b) => b.fill(noise(chunk_bytes, 9), from(1), from(2))),
      "chunk 2 of 5 is not",
    ],
  ])("%s", async (_, bytes, sentence) => {
    const home = bench.home();
    const refused = bench.import(home, { bytes: bytes() });
    await expect(refused).rejects.toThrow(sentence);
    await expect(refused).rejects.toThrow(/\.$/);
    expect(visibleIn(home)).toEqual([]);
  });

  test("a bundle of a key that nobody trusts, and it says which key that is", async () => {
    const home = bench.home();
    const signer = newSigner();
    const file = join(bench.folder, "stranger.hvb");
    await bench.export({ file, signer, models: [`file://${bench.put("a.gguf", noise(9, 1))}`] });
    const refused = bench.import(home, { bytes: readFileSync(file) });
    await expect(refused).rejects.toThrow(`--trust ${fingerprintOf(signer.public_key)}`);
    expect(visibleIn(home)).toEqual([]);
  });

  test.skipIf(process.getuid?.() !== 0)("a home of somebody else", async () => {
    const home = bench.home();
    await Bun.write(join(home, "x"), "");
    Bun.spawnSync(["chown", "65534", home]);
    await expect(bench.import(home)).rejects.toThrow("belongs to user 65534");
  });
});

test("facts are learned from the real beginning of the files, and nothing else stays", async () => {
  const home = bench.home();
  const learned: string[] = [];
  await bench.import(home, {
    facts_only: true,
    learn: async (item, path, below_home) => {
      const start = readFileSync(path).subarray(0, 1000);
      expect(start.equals((item.kind === "hub" ? big : second).subarray(0, 1000))).toBe(true);
      learned.push(item.kind, below_home);
    },
  });
  expect(learned).toEqual([
    "hub",
    "",
    "file",
    expect.stringMatching(/^models\/\w{16}\/second\.gguf$/),
  ]);
  expect(visibleIn(home)).toEqual([]);
  expect([...new Bun.Glob("bundle/incoming/**").scanSync(home)]).toEqual([]);
});
