import { expect, test } from "bun:test";
import { DeviceLeases, type GpuLease } from "./device-leases.ts";

const never = new AbortController().signal;

/** Takes a turn and writes NAME into ORDER when it has it. */
function queue(turns: DeviceLeases, order: string[]) {
  return async (name: string, devices: string[], signal = never): Promise<GpuLease> => {
    const turn = await turns.take(devices, signal);
    order.push(name);
    return turn;
  };
}

const settled = () => new Promise<void>((settle) => setImmediate(settle));

test("one start at a time on a GPU, first come, first served; another GPU does not wait", async () => {
  const order: string[] = [];
  const take = queue(new DeviceLeases(), order);
  const a = take("a", ["0"]);
  const b = take("b", ["0"]);
  const c = take("c", ["0"]);
  await take("other", ["1"]);
  expect(order).toEqual(["a", "other"]);
  (await a).over();
  (await b).over();
  (await c).over();
  expect(order).toEqual(["a", "other", "b", "c"]);
});

test("who needs two GPUs is not overtaken by those who need one of them, and holds none while it waits", async () => {
  const order: string[] = [];
  const take = queue(new DeviceLeases(), order);
  const first = await take("first", ["0"]);
  const both = take("both", ["0", "1"]);
  const late = take("late", ["1"]);
  await settled();
  expect(order).toEqual(["first"]);
  first.over();
  (await both).over();
  await late;
  expect(order).toEqual(["first", "both", "late"]);
});

test("who gives up lets the others through", async () => {
  const order: string[] = [];
  const take = queue(new DeviceLeases(), order);
  const first = await take("first", ["0"]);
  const leaving = new AbortController();
  const both = take("both", ["0", "1"], leaving.signal);
  const late = take("late", ["1"]);
  leaving.abort(new Error("not wanted any more"));
  await expect(both).rejects.toThrow("not wanted any more");
  await late;
  first.over();
  first.over();
  await take("next", ["0"]);
  expect(order).toEqual(["first", "late", "next"]);
  await expect(take("gone", ["2"], leaving.signal)).rejects.toThrow("not wanted any more");
});

test("a start of an earlier agent has its turn before all who wait, also two on one GPU", async () => {
  const order: string[] = [];
  const turns = new DeviceLeases();
  const held = [turns.hold(["0"]), turns.hold(["0", "1"])];
  const next = queue(turns, order)("next", ["1"]);
  held[0]?.over();
  await settled();
  expect(order).toEqual([]);
  held[1]?.over();
  await next;
  expect(order).toEqual(["next"]);
});

test("a thousand starts on eight GPUs in any order: never two on one, and all get their turn", async () => {
  const turns = new DeviceLeases();
  const busy = new Set<string>();
  let random = 7;
  const below = (n: number) => {
    random = (random * 48271) % 2147483647;
    return random % n;
  };
  const starts = Array.from({ length: 1000 }, async () => {
    const first = below(8);
    const devices = Array.from({ length: 1 + below(8 - first) }, (_, i) => String(first + i));
    const turn = await turns.take(devices, never);
    expect(devices.filter((device) => busy.has(device))).toEqual([]);
    for (const device of devices) busy.add(device);
    await settled();
    for (const device of devices) busy.delete(device);
    turn.over();
  });
  await Promise.all(starts);
  expect(busy.size).toBe(0);
});
