import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { type AgentHome, agentHome } from "../agent.testbed.ts";
import { takeLock } from "../files/lock.ts";
import { runAgent } from "../main.ts";
import { Testbed } from "./session.testbed.ts";

// Two busy cores can make a llama-server take seconds to start.
setDefaultTimeout(30_000);

let home: AgentHome;
beforeEach(async () => {
  home = await agentHome();
});
afterEach(() => home.close());

/** What an agent says when it refuses to work. */
async function refusal(options: { join?: string; server?: string; home?: string }) {
  const stop = new AbortController();
  const running = runAgent({
    home: home.home,
    version: "test",
    env: {},
    stopRuntimesOnExit: true,
    log: (line) => home.lines.push(line),
    signal: stop.signal,
    ...options,
  });
  const message = await running.then(
    () => "it worked",
    (error: Error) => error.message,
  );
  stop.abort();
  return message;
}

const files = () => readdirSync(join(home.home, "agent")).sort();

test("a host that joins keeps its key and certificate to itself, and needs no token again", async () => {
  const leave = home.open();
  await home.testbed.when(() => home.testbed.hellos.length === 1);
  for (const name of ["host.pem", "ca.pem", "identity.json"]) {
    expect(statSync(join(home.home, "agent", name)).mode & 0o777).toBe(0o600);
  }
  await leave();
  home.testbed.close();
  await home.testbed.listen();
  home.open({ join: home.testbed.token({ secret: "anotherSecretForNobody00" }) });
  await home.testbed.when(() => home.testbed.hellos.length === 2);
  expect(home.testbed.enrolments).toBe(1);
});

test("a used token is refused in the control plane's own words", async () => {
  const token = home.testbed.token({ secret: "usedSecretUsedSecret00" });
  expect(await refusal({ join: token })).toBe("This join token was used already.");
  expect(files()).toEqual([]);
});

test("a server that is not the one in the token gets nothing but a greeting", async () => {
  const other = await Testbed.start();
  try {
    const server = `127.0.0.1:${other.port}`;
    const message = await refusal({ join: home.testbed.token(), server });
    expect(message).toContain(`The server at ${server} is not the control plane that made`);
    expect(other.enrolments).toBe(0);
  } finally {
    other.close();
  }
});

test("an address that nobody answers leads to the next one, and the last to a sentence", async () => {
  const dead = "127.0.0.1:1";
  const addresses = [dead, `127.0.0.1:${home.testbed.port}`];
  home.open({ join: home.testbed.token({ addresses }) });
  await home.testbed.when(() => home.testbed.hellos.length === 1);
  const elsewhere = join(home.home, "second");
  const message = await refusal({
    join: home.testbed.token(),
    server: dead,
    home: elsewhere,
  });
  expect(message).toStartWith("The control plane cannot be reached at 127.0.0.1:1 (");
});

test("a server that speaks no TLS is not waited for", async () => {
  const sockets: Socket[] = [];
  const plain = createServer((socket) => {
    sockets.push(socket);
    socket.end("HTTP/1.1 400 Bad Request\r\n\r\n");
  });
  await new Promise<void>((settle) => plain.listen(0, "127.0.0.1", settle));
  const address = plain.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const message = await refusal({ join: home.testbed.token(), server: `127.0.0.1:${port}` });
  expect(message).toStartWith("The control plane cannot be reached at");
  for (const socket of sockets) socket.destroy();
  plain.close();
});

test.each([
  [{ join: "abc" }, "This is not a join token"],
  [{}, "This host has not joined a control plane."],
  [{ home: "/proc/self" }, "The agent cannot write to /proc/self/agent"],
])("%j ends with a sentence", async (options, sentence) => {
  expect(await refusal(options)).toContain(sentence);
});

test("a home that has joined one control plane does not join another", async () => {
  const leave = home.open();
  await home.testbed.when(() => home.testbed.hellos.length === 1);
  await leave();
  const token = home.testbed.token({ ca_sha256: "00".repeat(32) });
  expect(await refusal({ join: token })).toContain("has joined another control plane as host_test");
});

test("a damaged identity is named", async () => {
  const leave = home.open();
  await home.testbed.when(() => home.testbed.hellos.length === 1);
  await leave();
  const identity = join(home.home, "agent", "identity.json");
  writeFileSync(identity, "{");
  expect(await refusal({})).toContain(`Delete ${identity} and join again`);
  rmSync(join(home.home, "agent", "host.pem"));
  expect(await refusal({})).toContain("is damaged");
});

test("two agents do not share a home, and a dead agent's lock holds nobody up", async () => {
  home.open();
  await home.testbed.when(() => home.testbed.hellos.length === 1);
  expect(await refusal({})).toContain(`Another agent (process ${process.pid}) works in this home.`);
  for (const left of ['{"pid":1,"start_ticks":-1,"boot_id":"x"}', "", "{"]) {
    const path = join(home.home, "lock");
    writeFileSync(path, left);
    const unlock = await takeLock(path);
    await expect(takeLock(path)).rejects.toThrow("Another agent");
    await unlock();
  }
});
