/** Services elsewhere: TLS to the very name, their own key, and connections that nobody else uses. */
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Authority, loadAuthority, type SignedHost } from "../../fleet/authority.ts";
import { newRequest } from "../../fleet/signing-testbed.ts";
import { createUpstream } from "./client.ts";
import { type Address, encodeRequest } from "./request.ts";
import { scriptedServer } from "./scripted-server.ts";
import { wholeAnswer } from "./whole.ts";

const folder = mkdtempSync(join(tmpdir(), "hypervize-provided-"));
let authority: Authority;
let host: SignedHost & { key_pem: string };

beforeAll(async () => {
  authority = await loadAuthority(folder, Date.now());
  const { csr_pem, key_pem } = await newRequest();
  host = { ...(await authority.signHost(csr_pem, "host_far", Date.now())), key_pem };
});
afterAll(() => rmSync(folder, { recursive: true }));

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

function service(onRequest: (text: string) => void = () => undefined) {
  const server = scriptedServer(
    (request, answer) => {
      onRequest(`${request.head}\r\n`);
      answer.json(200, { ok: true });
    },
    { key: host.key_pem, cert: host.certificate_pem },
  );
  cleanups.push(server.stop);
  return server;
}

const at = (port: number, server_name: string): Address => ({
  host: "127.0.0.1",
  port,
  provider: {
    tls: { server_name },
    base_path: "/openai/v2",
    authorization: "Bearer secret-canary",
  },
});

function ask(address: Address, ca_pem?: string) {
  const upstream = createUpstream({ connect_timeout_ms: 1_000, ...(ca_pem && { ca_pem }) });
  cleanups.push(() => upstream.close());
  const request = {
    method: "POST",
    path: "/v1/chat/completions",
    headers: [],
    body: "{}",
  } as const;
  return wholeAnswer(upstream, address, request, AbortSignal.timeout(3_000));
}

test("a service with the right name and a trusted certificate is asked, with its own key and path", async () => {
  const seen: string[] = [];
  const { port } = service((text) => seen.push(text));
  expect((await ask(at(port, "host_far"), authority.ca_pem)).status).toBe(200);
  expect(seen[0]).toStartWith("POST /openai/v2/chat/completions HTTP/1.1\r\n");
  expect(seen[0]).toContain("\r\nauthorization: Bearer secret-canary\r\n");
});

test.each([
  ["a certificate for another name", "elsewhere.example.org", true],
  ["a certificate that nobody trusted has signed", "host_far", false],
])("%s gets no request, and the error does not tell the key", async (_, name, isTrusted) => {
  const seen: string[] = [];
  const { port } = service((text) => seen.push(text));
  const asked = ask(at(port, name), isTrusted ? authority.ca_pem : undefined);
  const error: unknown = await asked.catch((error: unknown) => error);
  expect(error).toBeInstanceOf(Error);
  expect(String(error)).not.toContain("canary");
  expect(seen).toEqual([]);
});

test("the usual port goes without saying in the host header, and no key means no header", () => {
  const head = (port: number, tls: boolean) =>
    encodeRequest(
      {
        ...{ host: "api.example.org", port },
        provider: { tls: tls ? { server_name: "x" } : null, base_path: "/v1", authorization: "" },
      },
      { method: "POST", path: "/v1/embeddings", headers: [], body: new Uint8Array([1, 2]) },
    ).toString();
  expect(head(443, true)).toContain("host: api.example.org\r\ncontent-length: 2\r\n\r\n\x01\x02");
  expect(head(8443, true)).toContain("host: api.example.org:8443\r\n");
  expect(head(80, false)).toContain("host: api.example.org\r\n");
  expect(head(443, true)).toStartWith("POST /v1/embeddings HTTP/1.1\r\n");
  expect(head(443, true)).not.toContain("authorization");
});
