import { afterEach, beforeAll, expect, test } from "bun:test";
import { constants } from "node:crypto";
import { control_plane_name } from "../contract/protocol/messages.ts";
import { relayName } from "../contract/protocol/relay-name.ts";
import { TestAuthority, type TestIdentity } from "../session/authority.testbed.ts";
import { type Line, RelayWorld } from "./relay.testbed.ts";

let world: RelayWorld;
beforeAll(async () => {
  world = await RelayWorld.create();
});
afterEach(() => world.end());

const id = "rep_AbC";
const hello = "hello, runtime";

/** A replica that counts its connections and answers what it is asked. */
function echo(): { connections: number } {
  const seen = { connections: 0 };
  world.replica(id, (line) => {
    seen.connections++;
    void line.until(hello.length).then((bytes) => line.send(bytes));
  });
  return seen;
}

async function ask(line: Line): Promise<string> {
  await line.open.promise;
  line.send(hello);
  const answer = line.until(hello.length).then(String);
  return await Promise.race([answer, line.closed.promise.then(() => "closed")]);
}

test("the control plane reaches a ready replica by its name", async () => {
  echo();
  expect(await ask(world.dial(world.relay(0), relayName(id), world.controlPlane))).toBe(hello);
});

const strangers: [string, () => Promise<TestIdentity | undefined>][] = [
  ["no certificate", async () => undefined],
  ["another host's certificate", () => world.authority.issue("host_other")],
  ["the host's own certificate", async () => world.host],
  [
    "a certificate of another CA in the control plane's name",
    async () => await (await TestAuthority.create()).issue(control_plane_name),
  ],
  [
    "a name that only contains the control plane's",
    () => world.authority.issue(`${control_plane_name}.example.org`),
  ],
];
test.each(strangers)("who shows %s is closed and reaches nothing", async (_, identity) => {
  const seen = echo();
  const port = world.relay(0);
  expect(await ask(world.dial(port, relayName(id), await identity()))).toBe("closed");
  expect(seen.connections).toBe(0);
});

test("TLS 1.2 is refused", async () => {
  const seen = echo();
  const tls = { secureOptions: constants.SSL_OP_NO_TLSv1_3 };
  const line = world.dial(world.relay(0), relayName(id), world.controlPlane, tls);
  await line.closed.promise;
  expect(seen.connections).toBe(0);
});

test.each(["", "localhost", id, relayName("rep_abc"), relayName("rep_gone")])(
  "the name %j is no ready replica: closed",
  async (name) => {
    const seen = echo();
    expect(await ask(world.dial(world.relay(0), name, world.controlPlane))).toBe("closed");
    expect(seen.connections).toBe(0);
  },
);

test("a replica that has just died closes the connection", async () => {
  const runtime = world.replica(id, () => undefined);
  runtime.stop();
  const line = world.dial(world.relay(0), relayName(id), world.controlPlane);
  await line.closed.promise;
});

test("noise on the port disturbs nobody", async () => {
  echo();
  const port = world.relay(0);
  const noise = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {} } });
  noise.write("GET / HTTP/1.1\r\n\r\n");
  expect(await ask(world.dial(port, relayName(id), world.controlPlane))).toBe(hello);
  noise.terminate();
});

test("the usual port may be taken, one that was asked for may not", () => {
  const first = world.relay();
  const second = world.relay();
  expect(second).not.toBe(first);
  expect(() => world.relay(second)).toThrow("Choose another with --relay-port");
});
