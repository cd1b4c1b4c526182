/** Services elsewhere: TLS to the very name, their own key, and connections that nobody else uses. */
import { afterEach, expect, test } from "bun:test";
import { selfSigned } from "./certificate.testbed.ts";
import { createUpstream, type Upstream } from "./client.ts";
import type { UpstreamFault } from "./fault.ts";
import { type Address, encodeRequest, type UpstreamRequest } from "./request.ts";
import { type ReceivedRequest, type ScriptedServer, scriptedServer } from "./scripted-server.ts";

type Script = Parameters<typeof scriptedServer>[0];
type Certificate = Awaited<ReturnType<typeof selfSigned>>;

const name = "api.example.org";
const right = await selfSigned("dns", name);

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

let now_ms = 0;

function service(script: Script, tls: Certificate = right): ScriptedServer {
  const server = scriptedServer(script, tls);
  cleanups.push(server.stop);
  return server;
}

function believing(ca_pem?: string): Upstream {
  const upstream = createUpstream({
    connect_timeout_ms: 1_000,
    ...(ca_pem && { ca_pem }),
    now: () => now_ms,
  });
  cleanups.push(() => upstream.close());
  return upstream;
}

const at = (port: number, changes: Partial<Address["provider"]> = {}): Address => ({
  host: "127.0.0.1",
  port,
  provider: {
    tls: { server_name: name },
    base_path: "/openai/v2",
    authorization: "Bearer secret-canary",
    ...changes,
  },
});

const request: UpstreamRequest = {
  method: "POST",
  path: "/v1/chat/completions",
  headers: [["accept", "*/*"]],
  body: "{}",
};

/** The body, or the fault: what it says of itself, where it happened, and its sentence. */
function ask(
  upstream: Upstream,
  address: Address,
  body: string | Uint8Array = "{}",
): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const parts: Buffer[] = [];
  const fail = (fault: UpstreamFault) =>
    resolve(`${fault.kind} in ${fault.phase}: ${fault.message} ${fault.stack}`);
  const end = () => resolve(String(Buffer.concat(parts)));
  const sink = { head() {}, data: (bytes: Buffer) => void parts.push(bytes), end, fail };
  upstream.send(address, { ...request, body }, sink);
  return promise;
}

test("a service with the right name and a trusted certificate is asked, with its own key and path", async () => {
  const seen: ReceivedRequest[] = [];
  const { port } = service((received, answer) => {
    seen.push(received);
    answer.json(200, "yes");
  });
  expect(await ask(believing(right.cert), at(port), "Grüße")).toBe('"yes"');
  expect(seen).toEqual([
    {
      index: 0,
      path: "/openai/v2/chat/completions",
      body: "Grüße",
      head: `POST /openai/v2/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\naccept: */*\r\nauthorization: Bearer secret-canary\r\ncontent-length: 7`,
    },
  ]);
});

const other = await selfSigned("dns", "elsewhere.example.org");
const stranger = await selfSigned("dns", name);
const expired = await selfSigned("dns", name, new Date(Date.now() - 7 * 86_400_000));

test.each([
  ["that nobody trusted has signed", right, undefined],
  ["of another signer, for the right name", stranger, right.cert],
  ["for another name", other, other.cert],
  ["that is no longer good", expired, expired.cert],
])("a certificate %s gets no request, and the fault does not tell the key", async (_, tls, ca) => {
  const seen: string[] = [];
  const { port } = service(({ head }) => seen.push(head), tls);
  const fault = await ask(believing(ca), at(port));
  expect(fault).toStartWith("untrusted in connect: ");
  expect(fault).not.toContain("canary");
  expect(seen).toEqual([]);
});

test("a certificate for an IP address is good for that one only", async () => {
  const home = await selfSigned("ip", "127.0.0.1");
  const away = await selfSigned("ip", "127.0.0.2");
  const here = (port: number) => at(port, { tls: { server_name: "127.0.0.1" } });
  const good = service((_, answer) => answer.json(200, "yes"), home);
  expect(await ask(believing(home.cert), here(good.port))).toBe('"yes"');
  const bad = service((_, answer) => answer.json(200, "yes"), away);
  expect(await ask(believing(away.cert), here(bad.port))).toStartWith("untrusted in connect");
});

test("a service without TLS behind an https address gets nothing", async () => {
  const seen: string[] = [];
  const server = scriptedServer(({ head }) => seen.push(head));
  cleanups.push(server.stop);
  expect(await ask(believing(right.cert), at(server.port))).toContain(" in connect: ");
  expect(seen).toEqual([]);
});

test("a connection is kept for one account of a service, and is nobody else's", async () => {
  const server = service(({ index }, answer) => answer.json(200, index));
  const upstream = believing(right.cert);
  expect(await ask(upstream, at(server.port))).toBe("0");
  now_ms += 10;
  expect(await ask(upstream, at(server.port))).toBe("1");
  expect(await ask(upstream, at(server.port, { authorization: "Bearer other" }))).toBe("0");
  expect(await ask(upstream, at(server.port, { base_path: "/other" }))).toBe("0");
  expect(server.connections()).toBe(3);
});

test("a plain service shares no connection with a replica at the same address", async () => {
  const server = scriptedServer(({ index }, answer) => answer.json(200, index));
  cleanups.push(server.stop);
  const upstream = believing();
  const plain = at(server.port, { tls: null });
  expect(await ask(upstream, { host: plain.host, port: plain.port })).toBe("0");
  expect(await ask(upstream, plain)).toBe("0");
  now_ms += 10;
  expect(await ask(upstream, plain)).toBe("1");
});

test("a service that closes between two requests is asked again over a new connection", async () => {
  const server = service(({ index }, answer) => {
    if (index > 0) return answer.close();
    answer.json(200, "yes");
  });
  const upstream = believing(right.cert);
  expect(await ask(upstream, at(server.port))).toBe('"yes"');
  now_ms += 10;
  expect(await ask(upstream, at(server.port))).toBe('"yes"');
  expect(server.connections()).toBe(2);
});

test("a stream arrives whole, and its connection is used again", async () => {
  const server = service(({ index }, answer) => {
    if (index > 0) return answer.json(200, index);
    answer.startStream();
    for (let piece = 0; piece < 200; piece++) answer.chunk(`data: ${piece}\n\n`);
    answer.finish();
  });
  const upstream = believing(right.cert);
  const frames = Array.from({ length: 200 }, (_, piece) => `data: ${piece}\n\n`);
  expect(await ask(upstream, at(server.port))).toBe(frames.join(""));
  now_ms += 10;
  expect(await ask(upstream, at(server.port))).toBe("1");
});

test("megabytes of bytes arrive as they are", async () => {
  const bytes = new Uint8Array(3_000_000).fill(0x61);
  const { port } = service(({ body }, answer) => answer.json(200, body.length));
  expect(await ask(believing(right.cert), at(port), bytes)).toBe("3000000");
});

test("bytes that are no text go up unchanged behind the head", () => {
  const body = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const encoded = Buffer.from(encodeRequest({ host: "::1", port: 80 }, { ...request, body }));
  expect([...encoded.subarray(-256)]).toEqual([...body]);
  expect(encoded.toString("latin1")).toContain("content-length: 256\r\n\r\n");
});

test.each([
  [name, 443, true, name],
  [name, 8443, true, `${name}:8443`],
  [name, 80, true, `${name}:80`],
  [name, 80, false, name],
  ["::1", 80, false, "[::1]"],
  ["::1", 9000, false, "[::1]:9000"],
])("%s and port %d, TLS %p, make the host header %s", (host, port, tls, expected) => {
  const provider = { tls: tls ? { server_name: host } : null, base_path: "", authorization: "" };
  const head = String(encodeRequest({ host, port, provider }, request));
  expect(head).toStartWith(`POST /chat/completions HTTP/1.1\r\nhost: ${expected}\r\n`);
  expect(head).not.toContain("authorization");
});
