import { afterEach, expect, test } from "bun:test";
import type { TCPSocketListener } from "bun";
import { isListener, listenerOn } from "./listener.ts";

const open = new Set<TCPSocketListener>();
afterEach(() => {
  for (const each of open) each.stop(true);
  open.clear();
});

function listen(port = 0, hostname = "127.0.0.1"): TCPSocketListener {
  const listener = Bun.listen({ hostname, port, socket: { data: () => undefined } });
  open.add(listener);
  return listener;
}

test("a listening socket is known by its number, and only at its own port", () => {
  const [one, other] = [listen(), listen()];
  const inode = listenerOn(one.port);
  expect(inode).toBeGreaterThan(0);
  expect(listenerOn(other.port)).not.toBe(inode);
  expect(isListener(one.port, inode)).toBe(true);
  expect(isListener(other.port, inode)).toBe(false);
});

test("who takes a port after its owner is another one", () => {
  const owner = listen();
  const { port } = owner;
  const inode = listenerOn(port);
  owner.stop(true);
  expect(isListener(port, inode)).toBe(false);
  expect(listenerOn(port)).toBe(0);
  listen(port);
  expect(listenerOn(port)).toBeGreaterThan(0);
  expect(isListener(port, inode)).toBe(false);
});

test("one on IPv6 is known too", () => {
  const { port } = listen(0, "::1");
  expect(isListener(port, listenerOn(port))).toBe(true);
});

test("no number is nobody's", () => {
  const { port } = listen();
  expect(isListener(port, 0)).toBe(false);
});

test("an open connection to the port does not count, and many other sockets do not hide it", async () => {
  const { port } = listen();
  for (let i = 0; i < 60; i += 1) listen();
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: { data: () => undefined },
  });
  expect(isListener(port, listenerOn(port))).toBe(true);
  socket.terminate();
});
