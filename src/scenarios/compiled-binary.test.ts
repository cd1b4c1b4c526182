/** The compiled binary alone in an empty folder, with an empty environment. */
import { afterAll, expect, test } from "bun:test";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually, freePort, residentBytes } from "./appliance.testbed.ts";

const binary = join(import.meta.dir, "../../dist/hypervize");
const folder = mkdtempSync(join(tmpdir(), "hypervize-binary-"));
const home = join(folder, "home");
let child: ChildProcess | undefined;

afterAll(async () => {
  if (child && child.exitCode === null) {
    child.kill("SIGTERM");
    await once(child, "exit");
  }
  rmSync(folder, { recursive: true, force: true });
});

async function serve(): Promise<{ url: string; ms: number }> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const started = performance.now();
  child = spawn(
    join(folder, "hypervize"),
    ["serve", "--home", home, "--port", String(port), "--agent-port", String(await freePort())],
    { cwd: folder, env: { PATH: "/usr/bin:/bin" }, stdio: "ignore" },
  );
  await eventually("health", async () => (await fetch(`${url}/api/health`)).ok);
  return { url, ms: performance.now() - started };
}

test("is built", () => {
  // Does nothing where npm test has done it.
  const build = Bun.spawnSync([process.execPath, join(import.meta.dir, "../../.ci/build.ts")]);
  expect([build.exitCode, build.stderr.toString(), existsSync(binary)]).toEqual([0, "", true]);
  copyFileSync(binary, join(folder, "hypervize"));
}, 180_000);

test("serves page, deep link, asset and health, and 404 for what is not there", async () => {
  const { url } = await serve();
  const page = await (await fetch(`${url}/`)).text();
  expect(page).toContain("<!doctype html>");
  expect(await (await fetch(`${url}/playground`)).text()).toBe(page);
  // The docs and their style are inside, and the API's document is made without a network.
  const docs = await (await fetch(`${url}/docs`)).text();
  expect(docs).toContain('<a href="/docs/api"');
  const style = /href="(\/[^"]+\.css)"/.exec(docs)?.[1] ?? "";
  expect((await fetch(url + style)).status).toBe(200);
  const key = (await Bun.file(join(home, "admin-key")).text()).trim();
  const api = await fetch(`${url}/api/openapi.json`, {
    headers: { authorization: `Bearer ${key}` },
  });
  expect(await api.json()).toMatchObject({ openapi: "3.1.1" });
  const asset = /(?:src|href)="([^"]+\.(?:js|css))"/.exec(page)?.[1] ?? "";
  expect((await fetch(new URL(asset, url))).status).toBe(200);
  for (const path of ["/nope.js", "/nowhere", "/api/nope", "/v1/nope"]) {
    expect([path, (await fetch(url + path)).status]).toEqual([path, 404]);
  }
});

test("stays within its memory and start-up budget", async () => {
  expect(await residentBytes(child?.pid ?? 0)).toBeLessThan(150 * 2 ** 20);
  child?.kill("SIGTERM");
  if (child) await once(child, "exit");
  const { ms } = await serve();
  // The budget is 300 ms; a loaded CI machine gets slack, the closing note has the measured median.
  expect(ms).toBeLessThan(1000);
});

test("leaves nothing outside its home", () => {
  expect(readdirSync(folder).toSorted()).toEqual(["home", "hypervize"]);
});
