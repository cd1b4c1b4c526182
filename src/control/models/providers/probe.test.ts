import { expect, test } from "bun:test";
import { selfSigned } from "../../../gateway/upstream/certificate.testbed.ts";
import { probe } from "./probe.ts";

const key = "sk-canary";

/** What a test of a provider says that answers as RESPOND does, on a real socket. */
async function probed(respond: (request: Request) => Response | Promise<Response>, path = "/v1") {
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: respond });
  const provider = { name: "Far", base_url: `http://127.0.0.1:${server.port}${path}` };
  const answer = await probe(provider, key, fetch);
  await server.stop(true);
  expect(JSON.stringify(answer)).not.toContain("canary");
  return answer;
}

test("a provider that takes the key tells its models", async () => {
  const seen: string[] = [];
  const answer = await probed(({ url, headers }) => {
    seen.push(new URL(url).pathname, headers.get("authorization") ?? "");
    return Response.json({ data: [{ id: "gpt-x" }, { id: 5 }, null, { id: "b" }] });
  }, "/openai/v2");
  expect(answer).toEqual({
    ok: true,
    models: ["gpt-x", "b"],
    message: "Far answers, and has 2 models.",
  });
  expect(seen).toEqual(["/openai/v2/models", `Bearer ${key}`]);
});

test.each([
  [401, "does not accept the key"],
  [404, "has no /models"],
  [500, "answers with status 500"],
])("an answer with %d says what to do", async (status, sentence) => {
  const answer = await probed(() => Response.json({ error: { message: key } }, { status }));
  expect(answer).toEqual({ ok: false, message: expect.stringContaining(sentence) });
});

test("a redirect is not followed: the key is for one address", async () => {
  const paths: string[] = [];
  const answer = await probed(({ url }) => {
    paths.push(new URL(url).pathname);
    return Response.redirect("/elsewhere", 307);
  });
  expect(answer.message).toContain("sends us elsewhere");
  expect(paths).toEqual(["/v1/models"]);
});

test.each([["<html>Welcome</html>"], ["{}"], ["null"], ['{"data":{}}']])(
  "a page that is no list of models is not taken for one: %s",
  async (page) => {
    const answer = await probed(() => new Response(page));
    expect(answer).toEqual({
      ok: false,
      message: expect.stringContaining("Is the address right?"),
    });
  },
);

test("an answer without end is given up", async () => {
  const spam = new Uint8Array(1 << 20).fill(0x20);
  const endless = () => new ReadableStream({ pull: (controller) => controller.enqueue(spam) });
  const answer = await probed(() => new Response(endless()));
  expect(answer.ok).toBe(false);
});

test("a certificate that nobody vouches for is reported", async () => {
  const tls = await selfSigned("ip", "127.0.0.1");
  const options = { hostname: "127.0.0.1", port: 0, tls, fetch: () => Response.json({ data: [] }) };
  const server = Bun.serve(options);
  const provider = { name: "Far", base_url: `https://127.0.0.1:${server.port}` };
  const answer = await probe(provider, key, fetch);
  await server.stop(true);
  expect(answer).toEqual({ ok: false, message: expect.stringContaining("certificate") });
});

test("an error's own text is not shown", async () => {
  const provider = { name: "Far", base_url: "http://127.0.0.1:1" };
  const answer = await probe(provider, key, () => Promise.reject(new Error("canary")));
  expect(answer).toEqual({ ok: false, message: expect.stringContaining("could not be reached") });
});

test("a provider that takes too long is reported", async () => {
  const late = () => Promise.reject(new DOMException("canary", "TimeoutError"));
  const answer = await probe({ name: "Far", base_url: "http://127.0.0.1:1" }, key, late);
  expect(answer.message).toBe("Far did not answer within 10 seconds.");
});
