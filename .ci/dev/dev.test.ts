/** `npm run dev`, in a copy of the checkout: what it has, what a change of a source does, and that nothing stays. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EndpointView, HostView } from "../../src/app/control-api.ts";
import { alive, eventually, freePort } from "../../src/scenarios/appliance.testbed.ts";

const root = join(import.meta.dir, "../..");
const checkout = mkdtempSync(join(tmpdir(), "hypervize-dev-"));
let child: Bun.Subprocess<"ignore", "pipe", "inherit">;
let url = "";
let said = "";

beforeAll(async () => {
  for (const name of [
    "src",
    "agent",
    "ui",
    "docs",
    "migrations",
    ".ci",
    "package.json",
    "tsconfig.json",
  ]) {
    cpSync(join(root, name), join(checkout, name), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), join(checkout, "node_modules"));
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  child = Bun.spawn([process.execPath, ".ci/dev.ts", "--port", String(port)], {
    cwd: checkout,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  void listen();
  await eventually(
    "it says where it is",
    async () => {
      if (child.exitCode !== null) throw new Error(said);
      return said.includes("Ctrl-C ends all");
    },
    100_000,
  );
}, 120_000);

afterAll(async () => {
  child.kill("SIGTERM");
  await child.exited;
  rmSync(checkout, { recursive: true, force: true });
}, 30_000);

async function listen(): Promise<void> {
  for await (const piece of child.stdout) said += Buffer.from(piece).toString();
}

async function all<T>(path: string): Promise<T[]> {
  const key = readFileSync(join(checkout, ".dev/home/admin-key"), "utf8").trim();
  const response = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${key}` } });
  return ((await response.json()) as { data: T[] }).data;
}

interface Seen {
  pid: number;
  parent: number;
  command: string;
}

/** All processes below the dev loop. */
function below(ancestor: number): Seen[] {
  const everybody = readdirSync("/proc").flatMap((entry): Seen[] => {
    try {
      const stat = readFileSync(`/proc/${Number(entry)}/stat`, "utf8");
      const command = readFileSync(`/proc/${entry}/cmdline`, "utf8").replaceAll("\0", " ");
      const [, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return [{ pid: Number(entry), parent: Number(parent), command }];
    } catch {
      return [];
    }
  });
  const found = new Map<number, Seen>();
  for (let size = -1; size !== found.size; ) {
    size = found.size;
    for (const one of everybody) {
      if (one.parent === ancestor || found.has(one.parent)) found.set(one.pid, one);
    }
  }
  return [...found.values()];
}

const appliance = () => below(child.pid).find(({ command }) => command.includes("main.ts serve"));
/** The styles of the page, as a browser has them. */
async function styles(): Promise<string> {
  const page = await (await fetch(url)).text();
  const paths = [...page.matchAll(/<link rel="stylesheet" href="([^"]+)"/g)].map(
    ([, path]) => path,
  );
  return (await Promise.all(paths.map(async (path) => (await fetch(url + path)).text()))).join("");
}

test("there are three hosts with eight GPUs each, and endpoints in every state that lasts", async () => {
  // They connect again to the appliance that was restarted with its data.
  await eventually("three hosts are up", async () => {
    const hosts = await all<HostView>("/api/hosts");
    const seen = hosts.map(({ status, inventory }) => `${status} ${inventory?.gpus.length}`);
    return Bun.deepEquals(seen, ["up 8", "up 8", "up 8"]);
  });
  await eventually("the states are reached", async () => {
    const states = (await all<EndpointView>("/api/endpoints")).map(({ status }) => status);
    expect(new Set(states)).toEqual(new Set(["up", "sleeping", "paused", "failed", "building"]));
    return true;
  });
  for (const path of ["teams", "users", "keys", "aliases", "prices", "providers", "models"]) {
    expect([path, (await all(`/api/${path}`)).length > 0]).toEqual([path, true]);
  }
  expect((await all<{ requests: number }>("/api/usage?by=model"))[0]?.requests).toBeGreaterThan(
    100,
  );
  await eventually("an alert stands", async () => (await all("/api/alerts")).length === 1);
}, 60_000);

test("the key that it prints opens the models, and the dashboard is there", async () => {
  const [, key] = /^Key +(\S+)$/m.exec(said) ?? [];
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "far/large", messages: [{ role: "user", content: "Hello" }] }),
  });
  expect(await response.text()).toContain("This comes from far away.");
  expect(await (await fetch(url)).text()).toContain('<div id="app">');
});

test("a change of the styles is there without a restart of the appliance", async () => {
  const before = appliance()?.pid;
  expect(await styles()).not.toContain("--only-here");
  appendFileSync(join(checkout, "ui/theme.css"), "\n:root { --only-here: 1px; }\n");
  await eventually("the page has it", async () => (await styles()).includes("--only-here"));
  expect(appliance()?.pid).toBe(before ?? 0);
}, 40_000);

test("a change of a source starts the appliance again, with the same data", async () => {
  const before = appliance()?.pid ?? 0;
  appendFileSync(join(checkout, "src/shared/identifier.ts"), "// changed\n");
  await eventually("another appliance answers", async () => {
    const now = appliance()?.pid ?? before;
    return now !== before && (await all<HostView>("/api/hosts")).length === 3;
  });
  expect(said).toContain("src/shared/identifier.ts has changed");
}, 40_000);

test("Ctrl-C ends every process of it", async () => {
  const all = below(child.pid);
  // The appliance, three agents with their nvidia-smi, and engines.
  expect(all.length).toBeGreaterThan(8);
  child.kill("SIGINT");
  expect(await child.exited).toBe(0);
  const left = await Promise.all(all.map(async (one) => ((await alive(one.pid)) ? [one] : [])));
  expect(left.flat()).toEqual([]);
}, 40_000);
