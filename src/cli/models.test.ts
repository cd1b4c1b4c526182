/** `hypervize models` against the real routes over a socket. */
import { afterAll, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { people } from "../app/access.testbed.ts";
import type { ModelStatus } from "../control/models/catalog/listing.ts";
import {
  type CatalogWorld,
  catalogHub,
  catalogWorld,
  downloading,
} from "../control/models/catalog/routes.testbed.ts";
import { test_commit } from "../control/scheduler/sizing/hub.testbed.ts";
import { guardWith } from "../shared/access.ts";
import { adminCommands } from "./admin.ts";
import { read, UsageError } from "./command.ts";

const admin = guardWith((request) =>
  request.headers.get("authorization") === "Bearer hv_test" ? people.admin : null,
);
const hub = catalogHub();
let world: CatalogWorld;
/** Asked one after the other; the last one stays. */
let statuses: ModelStatus[];
const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: (r) => world.http.handle(r) });
const folder = mkdtempSync(join(tmpdir(), "hypervize-cli-"));
const before = { ...process.env };
process.env["HYPERVIZE_URL"] = server.url.href;
process.env["HYPERVIZE_API_KEY"] = "hv_test";
afterAll(() => {
  process.env = before;
  rmSync(folder, { recursive: true });
  hub[Symbol.dispose]();
  return server.stop(true);
});
beforeEach(() => {
  statuses = [downloading];
  world = catalogWorld(hub, {
    guard: admin,
    worldOf: () => "control",
    statusOf: () => (statuses.length > 1 ? statuses.shift() : statuses[0]) as ModelStatus,
  });
});

async function run(...argv: string[]) {
  const command = adminCommands.find(({ name }) => name === "models");
  if (!command) throw new Error("There is no such command.");
  const out: string[] = [];
  const err: string[] = [];
  const terminal = {
    out: (line: string) => out.push(line),
    err: (line: string) => err.push(line),
    stop: new AbortController().signal,
  };
  const code = await command.run(read(command, argv), terminal).catch((error: Error) => {
    err.push(error.message);
    return error instanceof UsageError ? 2 : 1;
  });
  return { code, out: out.join("\n"), err: err.join("\n") };
}

test("add sends every word that was said, and says what runs", async () => {
  const token = join(folder, "token");
  writeFileSync(token, "hf_right\n");
  const words = [
    ...["--revision", test_commit, "--runtime", "llama-server", "--gpu", "L4", "--gpus", "1"],
    ...["--context", "512", "--slots", "2", "--replicas", "3", "--hf-token-file", token],
  ];
  const { code, out, err } = await run("add", "llama", "org/gated:Q4_K_M", ...words);
  expect([code, err]).toEqual([0, ""]);
  expect(out).toContain(`runs hf:org/gated@${test_commit}:g-Q4_K_M.gguf on llama-server`);
  const model = world.catalog.existing("llama");
  expect(model).toMatchObject({
    gpu: { type: "L4", count: 1 },
    context_tokens: 512,
    slots: 2,
    replicas: 3,
    asked: { source: "org/gated:Q4_K_M", revision: test_commit, runtime: "llama-server" },
  });
  expect(world.catalog.tokenOf(model.id)).toBe("hf_right");
});

test("name and source may also be options, and the name may be left out", async () => {
  const demo = ["--source", "builtin:hypervize-demo"];
  expect((await run("add", "--name", "a", ...demo)).code).toBe(0);
  expect((await run("add", "org/m-GGUF:Q8_0")).code).toBe(0);
  expect(world.catalog.list().map(({ name }) => name)).toEqual(["org/demo", "off", "a", "m-GGUF"]);
  expect((await run("add", "a")).code).toBe(1);
  expect((await run("add")).code).toBe(2);
  expect((await run("add", "a", "b", "c")).code).toBe(2);
});

test("what is refused is said in the same words as on the dashboard", async () => {
  const { code, err } = await run("add", "x", "org/two");
  expect([code, err]).toEqual([1, expect.stringContaining("has several GGUF files")]);
});

test("the list says how far a start is; show says everything", async () => {
  const list = await run("list");
  expect(list.out).toMatch(/^ID +STATUS/);
  expect(list.out).toContain("downloading, 0.5 of 1.0 GiB, 1.0 MiB/s, 3 s left");
  statuses = [{ ...downloading, status: "up", phase: null, ready_replicas: 2 }];
  expect((await run("list")).out).toMatch(/org\/demo +up +2/);
  expect(JSON.parse((await run("list", "--json")).out).data[0].status).toBe("up");
  expect((await run("show", "off")).out).toMatch(/has_hf_token +true/);
});

test("update, disable, enable and retry change it; a second name is refused", async () => {
  expect((await run("update", "org/demo", "--replicas", "2", "--slots", "8")).code).toBe(0);
  expect(world.catalog.existing("org/demo")).toMatchObject({ replicas: 2, slots: 8 });
  expect((await run("update", "org/demo", "--replicas", "all")).code).toBe(0);
  expect(world.catalog.existing("org/demo").replicas).toBeNull();
  expect((await run("disable", "org/demo")).out).toContain("is disabled");
  expect((await run("retry", "org/demo")).code).toBe(0);
  expect(world.catalog.existing("org/demo")).toMatchObject({ enabled: true, changed_at: 5000 });
  expect((await run("update", "org/demo", "--name", "off")).err).toContain(
    "There already is a shared model named",
  );
  expect((await run("update", "org/demo")).code).toBe(2);
});

test("--wait shows how far it is, and ends when it is up or has failed", async () => {
  const up: ModelStatus = { ...downloading, status: "up", phase: null, ready_replicas: 1 };
  statuses = [downloading, downloading, up];
  const good = await run("add", "a", "builtin:hypervize-demo", "--wait");
  expect(good).toMatchObject({ code: 0, out: "a is up." });
  expect(good.err).toContain("a: downloading");
  const failed = { ...up, status: "failed" as const, problem: "It is gated. Set hf_token." };
  statuses = [failed];
  expect(await run("retry", "a", "--wait")).toMatchObject({
    code: 1,
    err: "a is failed. It is gated. Set hf_token.",
  });
});

test("a dry run says what it would need and adds nothing", async () => {
  const { code, out } = await run("add", "a", "org/m-GGUF:Q8_0", "--dry-run");
  expect(code).toBe(0);
  expect(out).toContain("m-GGUF");
  expect(world.catalog.find("a")).toBeUndefined();
  expect((await run("add", "a", "org/m-GGUF", "--slots", "200", "--dry-run")).code).toBe(1);
});
