import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { diskOf, roomRefusal } from "./disk-room.ts";
import { hubBench, reached, testBytes } from "./hub-weights.testbed.ts";

const reserve_bytes = 256 * 1024 * 1024;

test("the refusal says what is needed, what there is, and what to free", () => {
  const refused = roomRefusal("/weights", 40e9, 12.5e9);
  expect(refused).toMatchObject({ failure_class: "disk_full", retry: true });
  expect(refused?.message).toBe(
    "40.00 GB are still to be fetched to /weights, and its disk has 12.50 GB free. Free 27.77 GB there.",
  );
  expect(roomRefusal("/weights", 1, reserve_bytes + 1)).toBeUndefined();
  expect(roomRefusal("/weights", 2, reserve_bytes + 1)).toBeDefined();
  expect(roomRefusal("/weights", 0, 0)).toBeUndefined();
});

test("the free space of a real disk is more than nothing", async () => {
  expect((await diskOf(tmpdir())).free_bytes).toBeGreaterThan(reserve_bytes);
});

test("nothing is fetched to a disk that is too full; another download counts, the same one does not", async () => {
  const files = { "a.gguf": testBytes(600_000), "b.gguf": testBytes(600_000, 2) };
  const bench = await hubBench({ "org/repo": { files } });
  try {
    await bench.reopen({
      disk: async () => ({ free_bytes: reserve_bytes + 599_999, total_bytes: 1e9 }),
    });
    const full = bench.get({ source: "hf:org/repo:a.gguf" });
    await expect(full).rejects.toMatchObject({ failure_class: "disk_full" });
    expect(bench.hub.sent()).toBe(0);
    expect(existsSync(join(bench.folder, "models--org--repo"))).toBe(false);

    await bench.reopen({
      disk: async () => ({ free_bytes: reserve_bytes + 900_000, total_bytes: 1e9 }),
    });
    bench.hub.failNext({ at: "cdn", hang_after: 100_000 });
    const stop = new AbortController();
    const { tell, there } = reached(100_000);
    const first = bench.get({ source: "hf:org/repo:a.gguf", signal: stop.signal, tell });
    await there;
    const other = bench.get({ source: "hf:org/repo:b.gguf" });
    await expect(other).rejects.toThrow("0.01 GB are still to be fetched");
    const same = bench.get({ source: "hf:org/repo@v1:a.gguf" });
    stop.abort("stopped");
    expect(await first.catch((reason: unknown) => reason)).toBe("stopped");
    expect((await same).bytes).toBe(600_000);
    expect((await bench.get({ source: "hf:org/repo:b.gguf" })).bytes).toBe(600_000);
  } finally {
    await bench.close();
  }
});
