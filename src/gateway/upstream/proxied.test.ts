/** Services elsewhere through a proxy of the environment: whole addresses for plain HTTP, a tunnel for TLS. */
import { afterEach, expect, test } from "bun:test";
import { once } from "node:events";
import { createServer, request as httpRequest } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { type ProxyPlace, proxyTo } from "../../../agent/contract/proxy.ts";
import { selfSigned } from "./certificate.testbed.ts";
import { createUpstream, type Upstream } from "./client.ts";
import type { UpstreamFault } from "./fault.ts";
import type { Address, UpstreamRequest } from "./request.ts";
import { scriptedServer } from "./scripted-server.ts";

const name = "api.example.org";
const right = await selfSigned("dns", name);
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

type Script = Parameters<typeof scriptedServer>[0];

function service(script: Script, tls?: Awaited<ReturnType<typeof selfSigned>>): number {
  const server = scriptedServer(script, tls);
  cleanups.push(server.stop);
  return server.port;
}

/** Whatever the name, everything leads to PORT. Without the account: 407. What it heard is in the list. */
async function proxy(port: number, account = "Basic am9lOnBAc3M=") {
  const heard: string[] = [];
  const server = createServer((asked, answer) => {
    const { method = "", url = "", headers } = asked;
    heard.push(`${method} ${url} ${headers["proxy-authorization"]} ${headers.authorization}`);
    if (headers["proxy-authorization"] !== account) {
      answer.writeHead(407).end();
      return;
    }
    const { pathname } = new URL(url);
    const onward = httpRequest(
      { host: "127.0.0.1", port, path: pathname, method, headers },
      (got) => {
        answer.writeHead(got.statusCode ?? 502, got.headers);
        got.pipe(answer);
      },
    );
    asked.pipe(onward);
  });
  server.on("connect", ({ url, headers }, client) => {
    heard.push(`CONNECT ${url} ${headers["proxy-authorization"]} ${headers.authorization}`);
    client.on("error", () => undefined);
    if (headers["proxy-authorization"] !== account) {
      client.end("HTTP/1.1 407 Who are you\r\ncontent-length: 0\r\n\r\n");
      return;
    }
    const far = connect(port, "127.0.0.1", () => {
      client.write("HTTP/1.1 200 Connection established\r\nvia: 1.1 us\r\n\r\n");
      client.pipe(far).pipe(client);
    });
    far.on("error", () => client.destroy());
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { heard, at: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const placeOf = (address: string): ProxyPlace => {
  const place = proxyTo("http://elsewhere.example", { http_proxy: address });
  if (!place) throw new Error("There is a proxy.");
  return place;
};

const to = (address: string, changes: Partial<Address> & { tls?: boolean } = {}): Address => {
  const { tls = false, ...rest } = changes;
  const host = rest.host ?? name;
  return {
    host,
    port: tls ? 443 : 80,
    ...rest,
    provider: {
      tls: tls ? { server_name: host } : null,
      base_path: "/v2",
      authorization: "Bearer secret-canary",
      proxy: placeOf(address),
    },
  };
};

let now_ms = 0;

function believing(ca_pem?: string): Upstream {
  const upstream = createUpstream({
    connect_timeout_ms: 2_000,
    now: () => now_ms,
    ...(ca_pem && { ca_pem }),
  });
  cleanups.push(() => upstream.close());
  return upstream;
}

const request: UpstreamRequest = {
  method: "POST",
  path: "/v1/chat/completions",
  headers: [["accept", "*/*"]],
  body: "{}",
};

/** The body, or what the fault says of itself. */
function ask(upstream: Upstream, address: Address): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const parts: Buffer[] = [];
  const fail = (fault: UpstreamFault) => resolve(`${fault.kind} in ${fault.phase}: ${fault.stack}`);
  const end = () => resolve(String(Buffer.concat(parts)));
  upstream.send(address, request, {
    head() {},
    data: (bytes: Buffer) => void parts.push(bytes),
    end,
    fail,
  });
  return promise;
}

test("plain HTTP is asked for by its whole address, with the account of the proxy", async () => {
  const port = service(({ path, head }, answer) =>
    answer.json(200, [path, /host: (.*)/.exec(head)?.[1]]),
  );
  const { heard, at } = await proxy(port);
  const said = await ask(believing(), to(`http://joe:p%40ss@${at}`));
  expect(JSON.parse(said)).toEqual(["/v2/chat/completions", name]);
  expect(heard).toEqual([
    `POST http://${name}/v2/chat/completions Basic am9lOnBAc3M= Bearer secret-canary`,
  ]);
});

test("over TLS the proxy hears the name alone, and the service nothing of the proxy", async () => {
  const heads: string[] = [];
  const port = service(({ head }, answer) => {
    heads.push(head);
    answer.json(200, "yes");
  }, right);
  const { heard, at } = await proxy(port);
  const address = to(`http://joe:p%40ss@${at}`, { tls: true });
  const upstream = believing(right.cert);
  expect(await ask(upstream, address)).toBe('"yes"');
  now_ms += 10;
  expect(await ask(upstream, address)).toBe('"yes"');
  // The second request goes through the first one's tunnel.
  expect(heard).toEqual([`CONNECT ${name}:443 Basic am9lOnBAc3M= undefined`]);
  expect(heads[0]).toStartWith(`POST /v2/chat/completions HTTP/1.1\r\nhost: ${name}\r\n`);
  expect(heads.join()).not.toContain("proxy");
});

test.each([
  ["for another name", await selfSigned("dns", "other.example.org"), name],
  [
    "for the proxy's address and not for the service's",
    await selfSigned("ip", "127.0.0.1"),
    "192.0.2.7",
  ],
])("a certificate %s gets no request through a tunnel", async (_, certificate, host) => {
  const seen: string[] = [];
  const { at } = await proxy(service(({ head }) => seen.push(head), certificate));
  const address = to(`http://joe:p%40ss@${at}`, { tls: true, host });
  expect(await ask(believing(certificate.cert), address)).toStartWith("untrusted in connect");
  expect(seen).toEqual([]);
});

test("a service that is an address is trusted by that address", async () => {
  const certificate = await selfSigned("ip", "192.0.2.7");
  const { at } = await proxy(service((_, answer) => answer.json(200, "yes"), certificate));
  const address = to(`http://joe:p%40ss@${at}`, { tls: true, host: "192.0.2.7" });
  expect(await ask(believing(certificate.cert), address)).toBe('"yes"');
});

test("a proxy that opens no tunnel is told from a service, and hears no key", async () => {
  const { heard, at } = await proxy(service(() => undefined, right));
  const fault = await ask(believing(right.cert), to(at, { tls: true }));
  expect(fault).toStartWith("refused in connect");
  expect(`${fault} ${heard}`).not.toContain("canary");
});

test.each([
  ["that is not there", "http://127.0.0.1:1"],
  ["of a kind that we do not speak", "socks5://127.0.0.1:1"],
  ["that wants TLS itself", "https://127.0.0.1:1"],
])("a proxy %s is a refused connection, and nothing goes another way", async (_, address) => {
  const seen: string[] = [];
  const port = service(({ head }) => seen.push(head));
  const direct = { host: "127.0.0.1", port };
  for (const tls of [true, false]) {
    const fault = await ask(believing(right.cert), to(address, { ...direct, tls }));
    expect(fault).toStartWith("refused in connect");
  }
  expect(seen).toEqual([]);
});

test("a long answer through a tunnel waits for a reader that is slow", async () => {
  const text = "x".repeat(64 * 1024);
  // More than the kernel's own buffers take on any of the three connections.
  const chunks = 512;
  let wasBlocked = false;
  const port = service(async (_, answer) => {
    answer.startStream();
    for (let i = 0; i < chunks; i++) answer.chunk(text);
    wasBlocked = answer.blocked();
    answer.finish();
  }, right);
  const { at } = await proxy(port);
  const { promise, resolve } = Promise.withResolvers<number>();
  let length = 0;
  let isFirst = true;
  const call = believing(right.cert).send(to(`http://joe:p%40ss@${at}`, { tls: true }), request, {
    head() {},
    data(bytes: Buffer) {
      length += bytes.length;
      if (!isFirst) return;
      isFirst = false;
      call.pause();
      setImmediate(() => call.resume());
    },
    end: () => resolve(length),
    fail: () => resolve(-1),
  });
  expect(await promise).toBe(chunks * text.length);
  expect(wasBlocked).toBe(true);
});
