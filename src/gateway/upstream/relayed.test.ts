/** Runtimes on other machines: TLS to a relay, which must be the very host that we know. */
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Authority, loadAuthority, type SignedHost } from "../../control/fleet/authority.ts";
import { newRequest } from "../../control/fleet/signing.testbed.ts";
import { createUpstream, type Upstream } from "./client.ts";
import type { UpstreamFault } from "./fault.ts";
import type { Address } from "./request.ts";
import { scriptedServer } from "./scripted-server.ts";

const folder = mkdtempSync(join(tmpdir(), "hypervize-relayed-"));
let authority: Authority;
let host: SignedHost & { key_pem: string };
let upstream: Upstream;
let pins: Record<string, string[]>;

beforeAll(async () => {
  authority = await loadAuthority(folder, Date.now());
  const { csr_pem, key_pem } = await newRequest();
  host = { ...(await authority.signHost(csr_pem, "host_far", Date.now())), key_pem };
  pins = { host_far: [host.sha256] };
  const machines = { pins: (id: string) => pins[id] ?? [], claim: () => false };
  upstream = createUpstream({ identity: authority.server, machines, connect_timeout_ms: 1_000 });
});
afterAll(() => rmSync(folder, { recursive: true }));

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** A server with the host's certificate that lets in whom the fleet's CA has signed. */
function relay(script: Parameters<typeof scriptedServer>[0]) {
  const server = scriptedServer(script, {
    key: host.key_pem,
    cert: host.certificate_pem,
    ca: authority.ca_pem,
    requestCert: true,
  });
  cleanups.push(server.stop);
  return server;
}

function address(port: number, server_name: string, host_id = "host_far"): Address {
  return { host_id, host: "127.0.0.1", port, relay: { server_name, tunnel: false } };
}

function send(to: Address, body = "{}", onData: (bytes: Buffer) => void = () => {}) {
  const { promise, resolve } = Promise.withResolvers<string>();
  const parts: Buffer[] = [];
  const data = (bytes: Buffer) => {
    parts.push(bytes);
    onData(bytes);
  };
  const call = upstream.send(
    to,
    { method: "POST", path: "/x", headers: [], body },
    {
      head() {},
      data,
      end: () => resolve(String(Buffer.concat(parts))),
      fail: (fault: UpstreamFault) => resolve(`${fault.kind} in ${fault.phase}`),
    },
  );
  return { call, answer: promise };
}

test("a request and its answer of megabytes pass, and the connection is kept for this replica only", async () => {
  const server = relay(({ body, index }, answer) => answer.json(200, [index, body]));
  const body = "Grüße! ".repeat(1_000_000);
  const a = address(server.port, "a.replica.hypervize.internal");
  const b = address(server.port, "b.replica.hypervize.internal");
  expect(await send(a, body).answer).toBe(JSON.stringify([0, body]));
  expect(await send(a).answer).toBe('[1,"{}"]');
  expect(await send(b).answer).toBe('[0,"{}"]');
  expect(server.connections()).toBe(2);
});

test("a relay with another certificate of the same CA is not told a thing", async () => {
  let requests = 0;
  const server = relay(() => {
    requests++;
  });
  const another = await authority.signHost((await newRequest()).csr_pem, "host_2", Date.now());
  pins["host_2"] = [another.sha256];
  const wrong = address(server.port, "a.replica.hypervize.internal", "host_2");
  expect(await send(wrong).answer).toBe("untrusted in connect");
  expect(requests).toBe(0);
});

test("without our certificate the relay turns us away before the request counts as answered", async () => {
  const server = relay((_, answer) => answer.json(200, null));
  const stranger = createUpstream({ machines: { pins: () => [host.sha256], claim: () => false } });
  const { promise, resolve } = Promise.withResolvers<UpstreamFault>();
  const sink = { head() {}, data() {}, end() {}, fail: resolve };
  const request = { method: "POST", path: "/x", headers: [], body: "{}" } as const;
  stranger.send(address(server.port, "a.replica.hypervize.internal"), request, sink);
  expect((await promise).phase).toBe("head");
});

test("a port that speaks no TLS fails before anything was sent", async () => {
  let requests = 0;
  const server = scriptedServer(() => {
    requests++;
  });
  const garbage = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { open: (socket) => void socket.write("SSH-2.0-OpenSSH_9.2\r\n"), data() {} },
  });
  cleanups.push(server.stop, () => garbage.stop(true));
  expect(await send(address(garbage.port, "a")).answer).toEndWith("in connect");
  expect(await send(address(server.port, "a")).answer).toBe("timeout in connect");
  expect(requests).toBe(0);
});

test("a relay that never greets is given up, and its connection closed", async () => {
  const closed = Promise.withResolvers<void>();
  const silent = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { data() {}, close: () => closed.resolve() },
  });
  cleanups.push(() => silent.stop(true));
  expect(await send(address(silent.port, "a")).answer).toBe("timeout in connect");
  await closed.promise;
});

test("abort closes the connection at once, also before the greeting is over", async () => {
  const gone = Promise.withResolvers<void>();
  const { port } = relay((_, answer) => {
    answer.startStream();
    answer.chunk("first");
    answer.gone.then(gone.resolve);
  });
  const begun = Promise.withResolvers<void>();
  const { call } = send(address(port, "a"), "{}", () => begun.resolve());
  await begun.promise;
  call.abort();
  await gone.promise;
  const closed = Promise.withResolvers<void>();
  const silent = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { data: () => early.call.abort(), close: () => closed.resolve() },
  });
  cleanups.push(() => silent.stop(true));
  const early = send(address(silent.port, "a"));
  await closed.promise;
});

test("while paused nothing more is read, and after resume nothing is missing", async () => {
  const chunk = "x".repeat(100_000);
  const { port } = relay(({ body }, answer) => {
    if (body === "ping") return answer.json(200, "pong");
    answer.startStream();
    for (let index = 0; index < 300; index++) answer.chunk(chunk);
    answer.finish();
  });
  let reads = 0;
  let readsWhilePaused = -1;
  const stream = send(address(port, "a"), "", () => {
    if (++reads !== 5) return;
    stream.call.pause();
    void roundTrips().then(() => {
      readsWhilePaused = reads - 5;
      stream.call.resume();
    });
  });
  const roundTrips = async () => {
    for (let time = 0; time < 20; time++) await send(address(port, "b"), "ping").answer;
  };
  expect((await stream.answer).length).toBe(300 * chunk.length);
  expect(readsWhilePaused).toBeLessThanOrEqual(1);
});
