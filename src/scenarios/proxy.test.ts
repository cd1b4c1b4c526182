/**
 * A company's host: the environment names proxies for everything. Nothing that stays on this machine, and nothing
 * between our own parts, may go there: it carries the admin key, and the proxy knows no way back.
 */
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { allBy, RecordingProxy } from "../../agent/contract/proxy.testbed.ts";
import { eventually, freePort, Testbed } from "./appliance.testbed.ts";
import { ApplianceProcess } from "./appliance-process.ts";
import { chat } from "./chat.ts";

const testbed = new Testbed();
const home = testbed.folder();
/** Of the appliance that HYPERVIZE_URL names, the hub and the store at once: all of them answer 404. */
const asked: string[] = [];
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch({ method, url }) {
    asked.push(`${method} ${new URL(url).pathname}`);
    return Response.json({ error: { message: "There is no such thing." } }, { status: 404 });
  },
});
const url = `http://localhost:${server.port}`;
let proxy: RecordingProxy;
let env: Record<string, string>;

beforeAll(async () => {
  proxy = await RecordingProxy.start();
  env = allBy(proxy.url);
});
afterEach(() => {
  asked.length = 0;
});
afterAll(async () => {
  await testbed.run(["stop", "--home", home]);
  await testbed.end();
  proxy.stop();
  await server.stop(true);
}, 60_000);

/** Words without which a command does not get as far as asking; what is not here gets one word, an id. */
const words: Readonly<Record<string, readonly string[]>> = {
  "users create": ["ada@example.org", "--password", "correct horse"],
  "models update": ["x", "--slots", "2"],
  "endpoints update": ["x", "--max", "2"],
};

/** Every line `hypervize NOUN VERB …` that the helps of all commands show. */
async function verbs(): Promise<string[]> {
  const { out } = await testbed.run(["--help"]);
  const names = [...out.matchAll(/^ {2}([a-z]+) {2}/gm)].map(([, name = ""]) => name);
  const helps = await Promise.all(names.map((name) => testbed.run([name, "--help"])));
  const lines = helps.flatMap((help) => [...help.out.matchAll(/^ {2}hypervize (\S+ \S+)(.*)$/gm)]);
  return lines.map(([, verb = "", rest = ""]) => {
    const more = words[verb] ?? (/^ [A-Z]/.test(rest) ? ["x"] : []);
    return [verb, ...more].join("\t");
  });
}

test("every command asks the appliance of HYPERVIZE_URL directly", async () => {
  const lines = [...(await verbs()), "status"];
  expect(lines.length).toBeGreaterThan(30);
  const remote = { ...env, HYPERVIZE_URL: url, HYPERVIZE_API_KEY: "hv_secret" };
  for (const line of lines) {
    asked.length = 0;
    const argv = line.replace(/^(\S+) /, "$1\t").split("\t");
    const { code, err } = await testbed.run(argv, remote);
    expect([line, code, err.trim(), asked.length > 0]).toEqual([
      line,
      1,
      "hypervize: There is no such thing.",
      true,
    ]);
  }
  expect(proxy.seen).toEqual([]);
}, 120_000);

test("a hub and a store on this machine are asked directly", async () => {
  const AWS = { AWS_ENDPOINT_URL: url, AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" };
  const stores = { ...env, ...AWS, HF_ENDPOINT: url };
  const bundle = ["bundle", "export", join(home, "x.hvb"), "--home", home, "--model"];
  for (const argv of [
    ["size", "org/model"],
    ["size", "s3://bucket/model"],
    ["doctor", "--quick", "--home", home, "--url", url],
    [...bundle, "org/model"],
    [...bundle, "s3://bucket/model"],
  ]) {
    asked.length = 0;
    await testbed.run(argv, stores);
    expect([argv, asked.length > 0]).toEqual([argv, true]);
  }
  expect(proxy.seen).toEqual([]);
}, 60_000);

test("the demo comes up with its agent, its runtime and a real answer", async () => {
  const demo = ["demo", "--detach", "--home", home, "--port", String(await freePort())];
  const first = await testbed.run(demo, env);
  expect([first.code, first.out]).toEqual([0, expect.stringContaining("curl --noproxy '*' http")]);
  expect((await testbed.run(demo, env)).out).toContain("already running");
  const own = ["--home", home];
  expect((await testbed.run(["status", ...own], env)).out).toMatch(/hypervize-demo +up +1/);
  expect(await testbed.run(["keys", "create", "ci", ...own], env)).toMatchObject({ code: 0 });
  const findings = await testbed.run(["doctor", "--quick", "--json", ...own], env);
  const clock = JSON.parse(findings.out).find(({ name }: { name: string }) => name === "Clock");
  expect(clock.state).toBe("ok");
  expect((await testbed.run(["stop", ...own], env)).code).toBe(0);
  const outside = ["CONNECT huggingface.co:443 HTTP/1.1"];
  expect(proxy.seen.filter((line) => !outside.includes(line))).toEqual([]);
}, 90_000);

test("a proxy of a kind that nobody knows does not stop the demo", async () => {
  // README's first command, which also builds what is not built.
  const words = ["--demo", "--detach", "--home", home, "--port", String(await freePort())];
  const child = Bun.spawn([join(import.meta.dir, "../../install.sh"), ...words], {
    env: { ...process.env, ...allBy("socks5h://nowhere.invalid:1") },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
  });
  expect(await child.exited).toBe(0);
}, 90_000);

test("a provider is tested and asked the same way: by the proxy, or directly where it is here", async () => {
  const heard: string[] = [];
  const answer = async ({ url, method }: Request): Promise<Response> => {
    heard.push(`${method} ${url}`);
    if (url.endsWith("/models")) return Response.json({ data: [{ id: "theirs" }] });
    const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
    const message = { role: "assistant", content: new URL(url).host };
    return Response.json({ choices: [{ index: 0, message, finish_reason: "stop" }], usage });
  };
  const outside = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: answer });
  const here = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: answer });
  testbed.defer(async () => {
    await Promise.all([outside.stop(true), here.stop(true)]);
  });
  const variables = allBy(outside.url.origin);
  const before = ["env", ...Object.entries(variables).map((pair) => pair.join("="))];
  const appliance = await ApplianceProcess.create(testbed, "127.0.0.1", before);
  const { key } = await appliance.createKey();
  for (const [name, base] of [
    ["away", "http://vendor.invalid"],
    ["near", here.url.origin],
  ] as const) {
    const { id } = await appliance.api<{ id: string }>("/api/providers", {
      name,
      base_url: `${base}/v1`,
      models: [{ name, upstream: "theirs" }],
    });
    heard.length = 0;
    const tested = await appliance.api<{ ok: boolean }>(`/api/providers/${id}/test`, {});
    const said = await eventually("it is served", async () => {
      const response = await chat(appliance.url, key, "Hello", { model: name });
      return response.ok && response.text();
    });
    expect([tested.ok, said]).toEqual([true, expect.stringContaining(new URL(base).host)]);
    expect(heard).toEqual([`GET ${base}/v1/models`, `POST ${base}/v1/chat/completions`]);
  }
}, 60_000);
