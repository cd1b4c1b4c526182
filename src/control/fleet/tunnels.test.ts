import { beforeEach, expect, test } from "bun:test";
import type { Command } from "../../../agent/contract/protocol/messages.ts";
import type { AgentSocket, Guest } from "./agent-port.ts";
import type { Taker } from "./tunnel.ts";
import { Tunnels, wantedIdle } from "./tunnels.ts";

let now_ms: number;
let sent: [string, Command][];
let changes: number;
let tunnels: Tunnels;

beforeEach(() => {
  now_ms = 1000;
  sent = [];
  changes = 0;
  tunnels = new Tunnels({
    send: (id, command) => sent.push([id, command]),
    changed: () => {
      changes += 1;
    },
    now: () => now_ms,
  });
});

interface Wire {
  written: string;
  guest: Guest | undefined;
  isOpen: boolean;
}

/** A tunnel of the host comes in. */
function arrive(host_id = "host_a"): Wire {
  const wire: Wire = { written: "", guest: undefined, isOpen: true };
  const socket = {
    write(text: string) {
      wire.written += text;
      return text.length;
    },
    terminate() {
      if (!wire.isOpen) return;
      wire.isOpen = false;
      wire.guest?.lost(undefined);
    },
  } as unknown as AgentSocket;
  wire.guest = tunnels.admit(host_id, socket);
  return wire;
}

interface Client extends Taker {
  heard: string;
  gone: boolean;
}

function client(): Client {
  const self: Client = {
    heard: "",
    gone: false,
    reached: () => undefined,
    ready() {
      self.heard += "ready ";
    },
    received(bytes) {
      self.heard += bytes.toString();
    },
    flush: () => undefined,
    closed() {
      self.heard += "closed ";
    },
  };
  return self;
}

test("a host has a few in store, more while many are used or waited for, and never too many", () => {
  expect([wantedIdle(0, 0), wantedIdle(0, 5), wantedIdle(100, 0)]).toEqual([8, 13, 33]);
  expect(wantedIdle(10_000, 10_000)).toBe(256);
});

test("who wants a runtime gets the newest tunnel, which names it and then carries bytes", () => {
  tunnels.ask("host_a");
  const [older, newer] = [arrive(), arrive()];
  const user = client();
  expect(tunnels.claim("host_a", "rep_1", user)).toBe(true);
  expect(newer.written).toEndWith("rep_1\n");
  expect(older.written).not.toContain("rep_1");
  newer.guest?.received(Buffer.from("=HTTP/1.1 200"));
  expect(user.heard).toBe("ready HTTP/1.1 200");
});

test("who comes when none is left waits for the next one, in turn; who has left is passed over", () => {
  tunnels.ask("host_a");
  const [first, left, second] = [client(), client(), client()];
  for (const [i, user] of [first, left, second].entries()) {
    expect(tunnels.claim("host_a", `rep_${i}`, user)).toBe(true);
  }
  left.gone = true;
  expect(arrive().written).toEndWith("rep_0\n");
  expect(arrive().written).toEndWith("rep_2\n");
});

test("a host that has none and was not asked for any is no way to a runtime", () => {
  expect(tunnels.claim("host_a", "rep_1", client())).toBe(false);
});

test("a burst makes the host open more at once", () => {
  tunnels.ask("host_a");
  for (let i = 0; i < 8; i += 1) tunnels.claim("host_a", "rep_1", client());
  expect(sent).toEqual([
    ["host_a", { tunnels: { idle: 8 } }],
    ["host_a", { tunnels: { idle: 16 } }],
  ]);
});

test("a tunnel on which the host says something else than that it has joined is ended", () => {
  tunnels.ask("host_a");
  const wire = arrive();
  const user = client();
  tunnels.claim("host_a", "rep_1", user);
  wire.guest?.received(Buffer.from("HTTP/1.1 200"));
  expect(wire.isOpen).toBe(false);
  expect(user.heard).toBe("closed ");
});

test("one that died unnoticed takes the unused ones of its host with it, and of no other", () => {
  tunnels.ask("host_a");
  const other = arrive("host_b");
  const [idle, dead] = [arrive(), arrive()];
  tunnels.claim("host_a", "rep_1", client());
  now_ms += 2000;
  dead.guest?.lost(undefined);
  expect([idle.isOpen, other.isOpen]).toEqual([false, true]);
});

test("a host whose relay can be reached again keeps the tunnels that are used, and no others", () => {
  tunnels.ask("host_a");
  const [idle, used] = [arrive(), arrive()];
  tunnels.claim("host_a", "rep_1", client());
  tunnels.dismiss("host_a");
  expect([idle.isOpen, used.isOpen]).toEqual([false, true]);
  expect(sent.at(-1)).toEqual(["host_a", { tunnels: { idle: 0 } }]);
});

test("a removed host loses all of them, and who waits for one hears of it", () => {
  tunnels.ask("host_a");
  const used = arrive();
  const [user, waiting] = [client(), client()];
  tunnels.claim("host_a", "rep_1", user);
  tunnels.claim("host_a", "rep_1", waiting);
  tunnels.remove("host_a");
  expect(used.isOpen).toBe(false);
  expect([user.heard, waiting.heard]).toEqual(["closed ", "closed "]);
  expect(tunnels.count("host_a")).toBe(0);
});

test("the first tunnel and the loss of the last are reported", () => {
  const [one, two] = [arrive(), arrive()];
  expect(changes).toBe(1);
  one.guest?.lost(undefined);
  expect(changes).toBe(1);
  two.guest?.lost(undefined);
  expect(changes).toBe(2);
});
