import { afterEach, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { failed, openWorld, origin } from "./notify.testbed.ts";

let server: ReturnType<typeof Bun.serve> | undefined;
afterEach(async () => {
  await server?.stop(true);
  server = undefined;
});

interface Received {
  headers: Headers;
  body: string;
  path: string;
}

async function world(answer: (seen: Received) => Response | Promise<Response>) {
  const seen: Received[] = [];
  server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const { headers, url } = request;
      seen.push({ headers, body: await request.text(), path: new URL(url).pathname });
      return answer(seen.at(-1) as Received);
    },
  });
  const parts = openWorld();
  const url = `http://127.0.0.1:${server.port}/hooks/T0KEN-in-path?k=s3cret`;
  parts.settings.change({ webhook: { enabled: true, url, secret: "shared" } });
  const deliver = (signal = new AbortController().signal) =>
    parts.channels.webhook.deliver({ id: "ntc_1", target: url, notice: failed }, signal);
  return { ...parts, seen, url, deliver };
}

/** As the documentation of `webhookChannel` tells a receiver to do it. */
function verify({ headers, body }: Received, secret: string): boolean {
  const [, time = "", hex] =
    headers.get("x-hypervize-signature")?.match(/^t=(\d+),v1=([\da-f]{64})$/) ?? [];
  return createHmac("sha256", secret).update(`${time}.${body}`).digest("hex") === hex;
}

test("a notice is posted as JSON that its receiver can verify", async () => {
  const { seen, deliver } = await world(() => new Response("thanks", { status: 202 }));
  expect(await deliver()).toMatchObject({ accepted: true, detail: "202 thanks" });
  const [post] = seen as [Received];
  expect(JSON.parse(post.body)).toEqual({
    id: "ntc_1",
    ...failed,
    text: "Endpoint chat-small failed: out of memory",
    link: `${origin}/endpoints?id=endpt-1`,
  });
  expect(post.headers.get("content-type")).toBe("application/json");
  expect(post.headers.get("x-hypervize-notice")).toBe("ntc_1");
  expect(post.headers.get("x-hypervize-signature")).toStartWith("t=1800000000,v1=");
  expect(verify(post, "shared")).toBe(true);
  expect(verify(post, "another")).toBe(false);
  expect(verify({ ...post, body: `${post.body} ` }, "shared")).toBe(false);
});

test("without a secret nothing is signed", async () => {
  const { settings, seen, deliver } = await world(() => new Response());
  settings.change({ webhook: { secret: "" } });
  expect((await deliver()).accepted).toBe(true);
  expect(seen[0]?.headers.has("x-hypervize-signature")).toBe(false);
});

test("any other answer is tried again, but 410 is the end", async () => {
  let status = 500;
  const { deliver } = await world(({ path }) => new Response(`no ${path}`, { status }));
  const outcomes: unknown[] = [];
  for (status of [500, 404, 429, 410]) {
    const { accepted, retry } = await deliver();
    outcomes.push([status, accepted, retry]);
  }
  expect(outcomes).toEqual([
    [500, false, "later"],
    [404, false, "later"],
    [429, false, "later"],
    [410, false, "never"],
  ]);
});

test("a redirect is not followed", async () => {
  const { seen, deliver } = await world(({ path }) =>
    path === "/elsewhere" ? new Response("got it") : Response.redirect("/elsewhere", 307),
  );
  expect(await deliver()).toMatchObject({ accepted: false, retry: "later" });
  expect(seen.map(({ path }) => path)).toEqual(["/hooks/T0KEN-in-path"]);
});

test("what it tells of a refusal has neither the path nor more than a few words of it", async () => {
  const { url, deliver } = await world(
    ({ path }) => new Response(`Cannot POST ${path}?k=s3cret\n${"x".repeat(1e6)}`, { status: 404 }),
  );
  const { detail } = await deliver();
  expect(detail).toStartWith(`${new URL(url).origin} answered 404 Cannot POST … x`);
  expect(detail).not.toMatch(/T0KEN|s3cret/);
  expect(detail.length).toBeLessThan(400);
});

test("a body that never ends does not matter once the status has come", async () => {
  const cut = new AbortController();
  const { deliver } = await world(() => {
    const body = new ReadableStream({ pull: (c) => c.enqueue(new Uint8Array(64).fill(46)) });
    return new Response(body);
  });
  expect((await deliver(cut.signal)).accepted).toBe(true);
});

test("a receiver that hangs or is not there is named by its address without the path", async () => {
  const asked = Promise.withResolvers<void>();
  const { settings, deliver } = await world(() => {
    asked.resolve();
    return new Promise<Response>(() => undefined);
  });
  const cut = new AbortController();
  const hanging = deliver(cut.signal);
  await asked.promise;
  cut.abort();
  expect(await hanging).toMatchObject({ accepted: false, retry: "later" });
  settings.change({ webhook: { url: "http://127.0.0.1:1/hooks/T0KEN" } });
  const { detail } = await deliver();
  expect(detail).toStartWith("http://127.0.0.1:1 did not take it: ");
  expect(detail).not.toContain("T0KEN");
});
