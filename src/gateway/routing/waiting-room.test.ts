import { expect, test } from "bun:test";
import { WaitingRoom } from "./waiting-room.ts";

const patient = () => new AbortController().signal;

/** How each of PROMISES has ended, in their order. */
async function ends(promises: readonly Promise<number>[]): Promise<(number | string)[]> {
  const settled = await Promise.allSettled(promises);
  return settled.map((end) => (end.status === "fulfilled" ? end.value : String(end.reason)));
}

test("who came first is served first, and who finds no place waits on", async () => {
  const room = new WaitingRoom<number>(10);
  const waiting = [1, 2, 3].map(() => room.enter(patient()));
  const places = [11, 12];
  room.admit(() => places.shift() ?? null);
  expect(room.size).toBe(1);
  room.admit(() => 13);
  expect(await ends(waiting)).toEqual([11, 12, 13]);
  expect(room.size).toBe(0);
});

test("who leaves is dropped at once, and its place goes to the next", async () => {
  const room = new WaitingRoom<number>(10);
  const client = new AbortController();
  const waiting = [patient(), client.signal, patient()].map((signal) => room.enter(signal));
  client.abort("left");
  expect(room.size).toBe(2);
  let next = 0;
  room.admit(() => ++next);
  expect(await ends(waiting)).toEqual([1, "left", 2]);
});

test("who has left before it enters never sits", async () => {
  const room = new WaitingRoom<number>(10);
  expect(await ends([room.enter(AbortSignal.abort("gone"))])).toEqual(["gone"]);
  expect(room.size).toBe(0);
});

test("who leaves after it was served changes nothing", async () => {
  const room = new WaitingRoom<number>(10);
  const client = new AbortController();
  const waiting = room.enter(client.signal);
  room.admit(() => 1);
  client.abort("late");
  expect(await ends([waiting])).toEqual([1]);
});

test("everybody can be sent away, and the room is empty for others", async () => {
  const room = new WaitingRoom<number>(2);
  const waiting = [room.enter(patient()), room.enter(patient())];
  expect(room.isFull).toBe(true);
  room.dismiss("closed");
  expect(await ends(waiting)).toEqual(["closed", "closed"]);
  expect(room.isFull).toBe(false);
});
