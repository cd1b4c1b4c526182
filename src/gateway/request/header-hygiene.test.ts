/** What of one side's headers the other side sees: content-type and accept up, content-type down. */
import { afterAll, expect, test } from "bun:test";
import { rawClient } from "../../shared/http1/raw-client.testbed.ts";
import { dedicated, frames, gatewayUnderTest, readyReplica, said } from "../gateway.testbed.ts";
import {
  type Answering,
  type ReceivedRequest,
  scriptedServer,
} from "../upstream/scripted-server.ts";

const secret = "canary-in-the-mine";
let heads: string[] = [];

/** A runtime that talks too much. */
const chatter = [
  ...["server: llama.cpp", "x-powered-by: Express", "set-cookie: a=b", "via: 1.1 proxy"],
  ...["connection: keep-alive, x-internal", "keep-alive: timeout=5", "x-internal: 10.0.0.7"],
  ...["access-control-allow-origin: *", "location: http://10.0.0.7/", "x-request-id: theirs"],
  ...["www-authenticate: Bearer", "x-ratelimit-limit-requests: 1", "upgrade: h2c"],
].join("\r\n");

const whole = JSON.stringify(said);

function runtime({ head, body }: ReceivedRequest, answer: Answering): void {
  heads.push(head);
  const isStream = body.includes('"stream":true');
  const text = isStream ? frames.word("Hi.") + frames.stop + frames.usage + frames.done : whole;
  const type = isStream ? "text/event-stream" : "application/json";
  answer.raw(
    `HTTP/1.1 200 OK\r\n${chatter}\r\ncontent-type: ${type}\r\ncontent-length: ${text.length}\r\n\r\n${text}`,
  );
}

const server = scriptedServer(runtime);
const under = gatewayUnderTest({
  ports: [server.port],
  models: [dedicated("up", [readyReplica("rep_d", server.port)])],
});
afterAll(async () => {
  await under.stop();
  server.stop();
});

/** All that a proxy must not pass on, or must not believe (RFC 9110 7.6.1; OWASP ASVS 4.1.3). */
const unwanted = [
  "Authorization: Bearer hv_first",
  `Connection: keep-alive, X-Nominated, ${secret}`,
  ...[
    "Keep-Alive",
    "Proxy-Authorization",
    "Proxy-Connection",
    "Proxy-Authenticate",
    "TE",
    "Trailer",
  ],
  ...["X-Nominated", "Upgrade", "HTTP2-Settings", "Cookie", "Cookie2", "X-Api-Key", "Api-Key"],
  ...["X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "Forwarded"],
  ...["X-Real-IP", "True-Client-IP", "CF-Connecting-IP", "X-Client-IP", "Via", "X-Original-URL"],
  ...["X-Rewrite-URL", "X-HTTP-Method-Override", "Origin", "Referer", "User-Agent", "From"],
  ...["Accept-Encoding", "Accept-Language", "If-None-Match", "Range", "Content-MD5", "Digest"],
  ...[
    "X-Request-Id",
    "Traceparent",
    "Tracestate",
    "Baggage",
    "X-Session-Id",
    "OpenAI-Organization",
  ],
  ...["Anthropic-Version", "X-Stainless-Arch", "Content-Disposition", "Content-Location"],
].map((line) => (line.includes(":") ? line : `${line}: ${secret}`));

const chat = `{"model":"demo","messages":[{"role":"user","content":"hi"}]}`;
const bodies: Readonly<Record<string, string>> = {
  "/v1/chat/completions": chat,
  "/api/chat/completions": chat.replace("{", '{"stream":true,'),
  "/api/d/endpt-1/chat/completions": chat,
  "/v1/completions": `{"model":"demo","prompt":"hi"}`,
  "/v1/embeddings": `{"model":"demo","input":"hi"}`,
  "/v1/rerank": `{"model":"demo","query":"hi","documents":["a"]}`,
  "/v1/responses": `{"model":"demo","input":"hi"}`,
  "/v1/messages": chat.replace("{", '{"max_tokens":1,'),
  "/v1/audio/speech": `{"model":"demo","input":"hi"}`,
  "/v1/images/generations": `{"model":"demo","prompt":"hi"}`,
};

/** Sends BODY in chunks with trailers, under a target that names another host; returns the answer. */
async function ask(path: string, type: string, body: string): Promise<string> {
  heads = [];
  const client = rawClient(Number(new URL(under.url).port));
  client.write(
    `POST http://${secret}${path}?q=${secret} HTTP/1.1\r\nHost: ${secret}\r\n${unwanted.join("\r\n")}\r\n` +
      `Content-Type: ${type}\r\nAccept: application/json\r\nTransfer-Encoding: chunked\r\n\r\n` +
      `${body.length.toString(16)};ext=${secret}\r\n${body}\r\n0\r\nAuthorization: ${secret}\r\nX-Trailer: ${secret}\r\n\r\n`,
  );
  const answer = await client.until(/\r\n\r\n(.|\s)*(\}|0\r\n\r\n)$/);
  client.socket.destroy();
  return answer;
}

function expectClean(answer: string, type: string): void {
  expect(answer).toStartWith("HTTP/1.1 200 ");
  expect(heads).toHaveLength(1);
  const [line = "", ...fields] = (heads[0] ?? "").split("\r\n");
  expect(line).toMatch(/^POST \/v1\/[a-z/]+ HTTP\/1\.1$/);
  expect(fields.map((field) => field.replace(/\d+$/, ""))).toEqual([
    "host: 127.0.0.1:",
    `content-type: ${type}`,
    "accept: application/json",
    "content-length: ",
  ]);
  const head = answer.slice(0, answer.indexOf("\r\n\r\n")).split("\r\n").slice(1);
  const names = head.map((field) => field.slice(0, field.indexOf(":")));
  expect(names.filter((name) => !allowed.has(name))).toEqual([]);
  expect(answer).toContain("\r\nx-request-id: req_");
  expect(answer).not.toContain(secret);
}

const allowed: ReadonlySet<string> = new Set([
  ...["date", "content-type", "content-length", "transfer-encoding", "x-request-id", "request-id"],
  ...["cache-control", "x-accel-buffering"],
]);

test.each(Object.entries(bodies))(
  "%s: nothing else passes, in either direction",
  async (path, body) => {
    expectClean(await ask(path, "application/json; charset=utf-8", body), "application/json");
  },
);

test("/v1/audio/transcriptions: nor with a form", async () => {
  const form =
    '--b\r\ncontent-disposition: form-data; name="model"\r\n\r\ndemo\r\n' +
    '--b\r\ncontent-disposition: form-data; name="file"; filename="a.wav"\r\n\r\nRIFF\r\n--b--\r\n';
  const type = "multipart/form-data; boundary=b";
  expectClean(await ask("/v1/audio/transcriptions", type, form), type);
});
