import { expect, test } from "bun:test";
import { DashboardEvents } from "./dashboard-events.ts";

/** Reads frames until one matches. */
async function until(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  wanted: string,
): Promise<string> {
  let seen = "";
  while (!seen.includes(wanted)) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`ended before ${wanted}: ${seen}`);
    seen += new TextDecoder().decode(value);
  }
  return seen;
}

test("a change reaches every open page, many changes of a topic are one event", async () => {
  const live = new DashboardEvents(0);
  const readers = [live.stream(), live.stream()].map((r) => (r.body as ReadableStream).getReader());
  for (let i = 0; i < 50; i++) live.changed("usage");
  live.changed("hosts");
  for (const reader of readers) {
    const seen = await until(reader, "event: hosts");
    expect(seen.match(/event: usage/g)).toHaveLength(1);
    await reader.cancel();
  }
  expect(live.watching()).toBe(0);
});

test("a page that left is forgotten, and a change with nobody watching costs nothing", async () => {
  const live = new DashboardEvents(0);
  const reader = (live.stream().body as ReadableStream).getReader();
  await reader.cancel();
  live.changed("keys");
  expect(live.watching()).toBe(0);
});

test("a page that does not read gets one event about all that it has missed", async () => {
  const live = new DashboardEvents(0);
  const [reader, slow] = [live.stream(), live.stream()].map((r) =>
    (r.body as ReadableStream).getReader(),
  );
  if (!reader || !slow) throw new Error("There are no streams.");
  for (let i = 0; i < 200; i++) {
    live.changed("usage");
    await until(reader, "event: usage");
  }
  live.changed("hosts");
  await until(reader, "event: hosts");
  const seen = await until(slow, "event: hosts");
  expect((seen.match(/event: usage/g) ?? []).length).toBeLessThan(20);
  live.changed("keys");
  await until(slow, "event: keys");
});

test("stopping ends the streams of open pages", async () => {
  const live = new DashboardEvents(0);
  const reader = (live.stream().body as ReadableStream).getReader();
  await reader.read();
  live.close();
  expect((await reader.read()).done).toBe(true);
  expect(live.watching()).toBe(0);
});
