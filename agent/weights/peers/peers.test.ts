import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { testBytes } from "../hub/hub-weights.testbed.ts";
import { peerOf, TestFleet } from "./fleet.testbed.ts";

setDefaultTimeout(30_000);

const model = testBytes(6 * 1024 * 1024);
const source = "hf:org/repo:m.gguf";
const small = testBytes(1000, 2);

let fleet: TestFleet;
beforeEach(async () => {
  fleet = await TestFleet.create({ "m.gguf": model, "s.gguf": small });
});
afterEach(() => fleet.end());

async function hosts(count: number, silent_ms?: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await fleet.add(silent_ms);
  fleet.introduce();
}

test("four hosts that begin at once take one model from the hub, and all have it right", async () => {
  await hosts(4);
  fleet.hub.bytes_per_s = 12_000_000;
  const all = await Promise.all(fleet.hosts.map((host) => host.get(source)));
  expect(all.every((bytes) => bytes.equals(model))).toBe(true);
  expect(fleet.hub.sent()).toBeLessThanOrEqual(1.1 * model.length);
});

test("who comes later takes it from those that have it, also when it is still on its way", async () => {
  await hosts(3);
  fleet.hub.bytes_per_s = 12_000_000;
  const [one, two, three] = fleet.hosts;
  const first = one?.get(source);
  await fleet.hub.when(() => fleet.hub.sent() > 1_000_000);
  expect(Buffer.from(model).equals((await two?.get(source)) ?? Buffer.alloc(0))).toBe(true);
  await first;
  expect(Buffer.from(model).equals((await three?.get(source)) ?? Buffer.alloc(0))).toBe(true);
  expect(fleet.hub.sent()).toBe(model.length);
});

test("a peer that ends in the middle costs nothing: the rest comes from the hub", async () => {
  await hosts(2);
  fleet.hub.bytes_per_s = 6_000_000;
  const [one, two] = fleet.hosts;
  const first = one?.get(source);
  await fleet.hub.when(() => fleet.hub.sent() > 1_000_000);
  const second = two?.get(source);
  await fleet.hub.when(() => fleet.hub.sent() > 3_000_000);
  one?.relay.close();
  expect(Buffer.from(model).equals((await second) ?? Buffer.alloc(0))).toBe(true);
  await first;
  expect(fleet.hub.sent()).toBeLessThan(1.9 * model.length);
});

test("a peer that falls silent is waited for, but not for ever", async () => {
  await hosts(2, 300);
  const [one, two] = fleet.hosts;
  fleet.hub.failNext({ at: "cdn", hang_after: 1_000_000 });
  const first = one?.get(source).catch(() => undefined);
  await fleet.hub.when(() => fleet.hub.sent() >= 1_000_000);
  expect(Buffer.from(model).equals((await two?.get(source)) ?? Buffer.alloc(0))).toBe(true);
  await first;
});

test("a peer that lies is found out, and not asked for that blob again", async () => {
  await hosts(2);
  const [liar, victim] = fleet.hosts;
  await liar?.get(source);
  const blobs = join(liar?.folder ?? "", "models--org--repo", "blobs");
  const [blob = ""] = readdirSync(blobs);
  const wrong = Buffer.from(model);
  wrong[1000] = (wrong[1000] ?? 0) ^ 1;
  writeFileSync(join(blobs, blob), wrong);
  // It says that it was checked.
  Object.assign(liar?.weights ?? {}, {
    wholeBlob: async () => ({ path: join(blobs, blob), bytes: wrong.length }),
  });
  await expect(victim?.get(source)).rejects.toThrow("another checksum");
  expect(victim?.lines.join()).toContain(`host ${liar?.id} gave wrong bytes`);
  expect(Buffer.from(model).equals((await victim?.get(source)) ?? Buffer.alloc(0))).toBe(true);
});

test("small files come from the hub, and so does all of it where there is no peer", async () => {
  await hosts(2);
  for (const host of fleet.hosts) await host.get("hf:org/repo:s.gguf");
  expect(fleet.hub.sent()).toBe(2 * small.length);
  fleet.hosts[1]?.peers.know([]);
  await fleet.hosts[0]?.get(source);
  await fleet.hosts[1]?.get(source);
  expect(fleet.hub.sent()).toBe(2 * small.length + 2 * model.length);
});

test("a host that was removed is not answered, and one with another certificate is not believed", async () => {
  await hosts(2);
  const [one, two] = fleet.hosts;
  await one?.get(source);
  one?.peers.know([]);
  await two?.get(source);
  expect(fleet.hub.sent()).toBe(2 * model.length);

  const three = await fleet.add();
  fleet.introduce();
  three.peers.know(
    fleet.hosts.slice(0, 2).map((host) => ({ ...peerOf(host), certificate_sha256: ["x"] })),
  );
  await three.get(source);
  expect(fleet.hub.sent()).toBe(3 * model.length);
});
