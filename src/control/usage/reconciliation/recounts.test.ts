import { expect, test } from "bun:test";
import type { AskRuntime, BrokenOff } from "./recount.ts";
import { Recounts } from "./recounts.ts";

const request = (prompt: string): BrokenOff => ({
  runtime: "vllm",
  path: "/v1/completions",
  text: JSON.stringify({ prompt }),
  frames: 0,
});

/** A runtime that answers when it is told to. */
function slowRuntime() {
  const open: ((answer: unknown) => void)[] = [];
  let most = 0;
  const ask: AskRuntime = () =>
    new Promise((resolve) => {
      open.push(resolve);
      most = Math.max(most, open.length);
    });
  const answerAll = () => {
    for (const answer of open.splice(0)) answer({ count: 1 });
  };
  return { ask, answerAll, most: () => most, open: () => open.length };
}
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("many that are cut together are counted a few at a time, and all of them", async () => {
  const runtime = slowRuntime();
  const recounts = new Recounts();
  let done = 0;
  const all = Array.from({ length: 50 }, async () => {
    const counts = await recounts.count(runtime.ask, request("a"));
    done += counts?.prompt_tokens ?? 0;
  });
  while (done < 50) {
    runtime.answerAll();
    await settled();
  }
  await Promise.all(all);
  expect(runtime.most()).toBe(4);
});

test("more than 16 MB of requests do not wait in memory, and later there is room again", async () => {
  const runtime = slowRuntime();
  const recounts = new Recounts();
  const large = request("a".repeat(1_000_000));
  const counted: (number | null)[] = [];
  const all = Array.from({ length: 30 }, async () => {
    counted.push((await recounts.count(runtime.ask, large))?.prompt_tokens ?? null);
  });
  await settled();
  expect(counted).toEqual(Array.from({ length: 14 }, () => null));
  while (counted.length < 30) {
    runtime.answerAll();
    await settled();
  }
  await Promise.all(all);
  expect(counted.filter((count) => count === 1)).toHaveLength(16);
  const again = recounts.count(runtime.ask, large);
  await settled();
  runtime.answerAll();
  expect((await again)?.prompt_tokens).toBe(1);
});

test("a failed count makes room like any other", async () => {
  const recounts = new Recounts();
  const failing: AskRuntime = () => Promise.reject(new Error("gone"));
  const counts = Array.from({ length: 20 }, () => recounts.count(failing, request("a")));
  expect(new Set(await Promise.all(counts))).toEqual(new Set([null]));
  const working: AskRuntime = async () => ({ count: 2 });
  expect((await recounts.count(working, request("a")))?.prompt_tokens).toBe(2);
});
