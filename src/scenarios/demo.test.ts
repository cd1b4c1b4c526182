/** `hypervize demo`, which is what `./install.sh --demo` ends in. */
import { afterAll, expect, test } from "bun:test";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { alive, eventually, freePort, Testbed } from "./appliance.testbed.ts";
import { chat } from "./chat.ts";

interface Demo {
  url: string;
  api_key: string;
  admin_email: string;
  admin_password: string;
  model: string;
  pid: number;
}

const testbed = new Testbed();
const home = testbed.folder();
const port = await freePort();
const words = ["demo", "--home", home, "--port", String(port)];
const demoFile = (): Promise<Demo> => Bun.file(join(home, "demo.json")).json();

testbed.defer(async () => {
  await testbed.run(["stop", "--home", home]);
});
afterAll(() => testbed.end(), 60_000);

/** Every process that runs from this home, found by its command line. */
async function processes(): Promise<number[]> {
  const found: number[] = [];
  for (const pid of new Bun.Glob("[0-9]*/cmdline").scanSync({ cwd: "/proc", onlyFiles: false })) {
    const text = await Bun.file(`/proc/${pid}`)
      .text()
      .catch(() => "");
    if (text.includes(home)) found.push(Number.parseInt(pid, 10));
  }
  return found;
}

test("--detach returns with a real completion, and demo.json holds all that a client needs", async () => {
  const { code, out, err } = await testbed.run([...words, "--detach"]);
  expect([code, err]).toEqual([0, expect.any(String)]);
  const demo = await demoFile();
  for (const shown of [demo.url, demo.api_key, demo.admin_password, "curl "]) {
    expect(out).toContain(shown);
  }
  expect((await chat(demo.url, demo.api_key, "Hello")).status).toBe(200);
  const login = await fetch(`${demo.url}/api/auth/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email: demo.admin_email, password: demo.admin_password }),
  });
  expect(login.status).toBe(200);
}, 60_000);

test("a second start answers in seconds and changes nothing", async () => {
  const before = await demoFile();
  const started = performance.now();
  expect((await testbed.run([...words, "--detach"])).code).toBe(0);
  expect(performance.now() - started).toBeLessThan(5000);
  expect(await demoFile()).toEqual(before);
});

test("after kill -9 of the appliance the next start finds agent and model running", async () => {
  const before = await demoFile();
  const others = (await processes()).filter((pid) => pid !== before.pid);
  process.kill(before.pid, "SIGKILL");
  await eventually("it is gone", async () => !(await alive(before.pid)));
  const started = performance.now();
  expect((await testbed.run([...words, "--detach"])).code).toBe(0);
  expect(performance.now() - started).toBeLessThan(5000);
  const after = await demoFile();
  expect(after).toEqual({ ...before, pid: after.pid });
  expect(after.pid).not.toBe(before.pid);
  expect((await processes()).filter((pid) => pid !== after.pid).toSorted()).toEqual(
    others.toSorted(),
  );
}, 30_000);

test("stop ends every process of the demo", async () => {
  expect((await processes()).length).toBeGreaterThanOrEqual(3);
  expect((await testbed.run(["stop", "--home", home])).code).toBe(0);
  expect(await processes()).toEqual([]);
}, 30_000);

test("Ctrl-C in the foreground ends every process too", async () => {
  const child = testbed.spawn(words);
  let out = "";
  child.stdout?.on("data", (chunk) => {
    out += chunk;
  });
  await eventually("the summary is printed", async () => out.includes("curl "));
  expect((await processes()).length).toBeGreaterThanOrEqual(3);
  child.kill("SIGINT");
  await once(child, "exit");
  expect(await processes()).toEqual([]);
}, 60_000);

test("a port that is taken is a clear error, and nothing is left running", async () => {
  const squatter = createServer().listen(port, "0.0.0.0");
  await once(squatter, "listening");
  const { code, err } = await testbed.run([...words, "--detach"]);
  squatter.close();
  expect(code).toBe(1);
  expect(err).toContain(`Port ${port} is in use`);
  expect(err).toContain("--port");
  expect(await processes()).toEqual([]);
}, 30_000);
