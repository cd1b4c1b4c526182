import { expect, test } from "bun:test";
import { FoundRuntimes } from "./found-runtimes.ts";
import type { RuntimeDriver } from "./runtime.ts";

function driver(name: "llama-server" | "vllm", more: { elsewhere?: true; absent: number }) {
  let looks = 0;
  const detect = async () =>
    ++looks > more.absent ? { name, version: "1", path: `/${name}` } : undefined;
  const { elsewhere } = more;
  return { ...(elsewhere && { elsewhere }), detect, looks: () => looks };
}

test("an image that cannot be run yet is looked for until it can, and the next look tells it", async () => {
  const native = driver("llama-server", { absent: 9 });
  const contained = driver("vllm", { elsewhere: true, absent: 3 });
  const runtimes = new FoundRuntimes([native, contained] as unknown as RuntimeDriver[], 1);
  expect(await runtimes.look()).toEqual([]);
  const stop = new AbortController();
  const found = new Promise<void>((settle) => {
    runtimes.changed = settle;
  });
  const kept = runtimes.keep(stop.signal);
  await found;
  expect(runtimes.outdated).toBe(true);
  stop.abort();
  await kept;
  expect(contained.looks()).toBe(4);
  expect(await runtimes.look()).toMatchObject([{ name: "vllm" }]);
  expect(runtimes.outdated).toBe(false);
  expect(native.looks()).toBe(2);
});
