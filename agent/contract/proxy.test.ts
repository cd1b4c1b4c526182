import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { hostname, networkInterfaces } from "node:os";
import { join } from "node:path";
import { allBy, RecordingProxy } from "./proxy.testbed.ts";
import { isHere, proxyFor } from "./proxy.ts";

let proxy: RecordingProxy;
const server = Bun.serve({ port: 0, hostname: "::", fetch: () => new Response("here") });
beforeAll(async () => {
  proxy = await RecordingProxy.start();
});
afterEach(() => {
  proxy.seen.length = 0;
});
afterAll(() => {
  proxy.stop();
  return server.stop(true);
});

const places = ["127.0.0.1", "127.8.9.1", "localhost", "a.localhost", "[::1]", "127.1", "0.0.0.0"];

/** What METHOD of the module makes of each URL in a process with these variables. */
async function asked(
  method: "fetchOwn" | "fetchOutside",
  urls: readonly string[],
  env: Record<string, string>,
): Promise<string[]> {
  const program = `
    import { ${method} } from ${JSON.stringify(join(import.meta.dir, "proxy.ts"))};
    for (const url of ${JSON.stringify(urls)}) {
      const said = await ${method}(url).then((r) => r.status === 200 ? r.text() : r.status, (e) => e.code);
      console.log(said);
    }`;
  const child = Bun.spawn([process.execPath, "-e", program], {
    env: { PATH: process.env["PATH"] ?? "", ...env },
    stdout: "pipe",
    stderr: "inherit",
  });
  return (await new Response(child.stdout).text()).trim().split("\n");
}

const urlsHere = places.map((place) => `http://${place}:${server.port}/`);

test.each([
  ["a proxy that answers", () => proxy.url],
  ["a proxy without a scheme", () => proxy.url.replace("http://", "")],
  ["a proxy that is not there", () => "http://127.0.0.1:1"],
  ["a proxy of a kind that Bun does not know", () => "socks5h://127.0.0.1:1"],
  ["what is no address at all", () => "none of your business"],
])(
  "this machine is asked directly, whatever the variables name: %s",
  async (_, url) => {
    for (const method of ["fetchOwn", "fetchOutside"] as const) {
      const said = await asked(method, urlsHere, allBy(url()));
      expect([method, said]).toEqual([method, places.map(() => "here")]);
    }
    expect(proxy.seen).toEqual([]);
  },
  20_000,
);

test("over TLS no tunnel is asked for on the way to this machine", async () => {
  const urls = urlsHere.map((url) => url.replace("http:", "https:"));
  await asked("fetchOwn", urls, allBy(proxy.url));
  await asked("fetchOutside", urls, allBy(proxy.url));
  expect(proxy.seen).toEqual([]);
}, 20_000);

test("services elsewhere are asked by the proxy, parts of ours elsewhere are not", async () => {
  const away = ["http://hub.example/a", "https://hub.example/b"];
  await asked("fetchOutside", away, allBy(proxy.url));
  expect(proxy.seen).toEqual([
    "GET http://hub.example/a HTTP/1.1",
    "CONNECT hub.example:443 HTTP/1.1",
  ]);
  proxy.seen.length = 0;
  await asked("fetchOwn", ["http://appliance.invalid/"], allBy(proxy.url));
  await asked("fetchOutside", ["http://hub.invalid"], { ...allBy(proxy.url), no_proxy: "invalid" });
  expect(proxy.seen).toEqual([]);
}, 20_000);

test("this machine is known by every name and address that it has", () => {
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const addresses = own.map(({ address, family }) =>
    family === "IPv6" ? `[${address}]` : address,
  );
  const more = ["LOCALHOST.", "0x7f000001", "[::ffff:127.0.0.1]", "ip6-localhost", "[::]"];
  for (const place of [...places, ...more, hostname(), ...addresses]) {
    expect([place, isHere(`http://${place}:1/`)]).toEqual([place, true]);
  }
  for (const place of [
    "hub.example",
    "localhost.example",
    "notlocalhost",
    "8.8.8.8",
    "[2001:db8::1]",
  ]) {
    expect([place, isHere(`https://${place}/`)]).toEqual([place, false]);
  }
  expect([isHere("nonsense"), isHere("file:///etc/passwd")]).toEqual([false, false]);
});

const elsewhere = [
  ...["http://hub.invalid/", "http://hub.invalid:8080/", "http://a.hub.invalid/"],
  ...["http://192.0.2.7/", "http://[2001:db8::7]/", "http://[2001:db8::7]:8080/"],
];

test.each([
  ...[[""], ["*"], [" hub.invalid , x"], [".hub.invalid"], ["HUB.invalid"], ["b.invalid"]],
  ...[["hub.invalid:80"], ["hub.invalid:8080"], ["192.0.2.7"], ["192.0.2.0/24"], ["10.0.0.0/8"]],
  ...[["2001:db8::7"], ["[2001:db8::7]"], ["2001:db8::/32"], ["192.0.2.7/99"], ["ub.invalid"]],
])("with NO_PROXY=%s we know what Bun's fetch does", async (no_proxy) => {
  const program = `await Promise.all(${JSON.stringify(elsewhere)}.map((url) =>
    fetch(url, { signal: AbortSignal.timeout(400) }).catch(() => undefined)))`;
  const env = { ...allBy(proxy.url), NO_PROXY: no_proxy, no_proxy: "" };
  const { PATH = "" } = process.env;
  await Bun.spawn([process.execPath, "-e", program], { env: { PATH, ...env } }).exited;
  const through = elsewhere.filter((url) => proxy.seen.includes(`GET ${url} HTTP/1.1`));
  expect(elsewhere.filter((url) => proxyFor(url, env) !== undefined)).toEqual(through);
});

test("NO_PROXY spares a host and those below it", () => {
  const env = { HTTPS_PROXY: "http://p", NO_PROXY: "localhost, .example.org" };
  expect(proxyFor("https://huggingface.co", env)).toBe("http://p");
  expect(proxyFor("https://hub.example.org", env)).toBeUndefined();
  expect(proxyFor("http://huggingface.co", env)).toBeUndefined();
  expect(proxyFor("https://huggingface.co", { ...env, NO_PROXY: "*" })).toBeUndefined();
});

test("ALL_PROXY stands for the others, and no variable for this machine", () => {
  expect(proxyFor("https://huggingface.co", { all_proxy: "http://p" })).toBe("http://p");
  expect(proxyFor("http://127.0.0.1:9", allBy("http://p"))).toBeUndefined();
});
