/** The command line against the real routes over a socket. */
import { afterAll, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { people } from "../app/access.testbed.ts";
import { changeOf, decide, demo } from "../control/models/endpoints/endpoints.testbed.ts";
import type { EndpointRouteParts } from "../control/models/endpoints/route-deps.ts";
import { fits, live, type World, worldWith } from "../control/models/endpoints/routes.testbed.ts";
import type { EndpointState } from "../control/models/endpoints/status.ts";
import { guardWith } from "../shared/access.ts";
import { adminCommands } from "./admin.ts";
import { read, UsageError } from "./command.ts";
import { progressText } from "./endpoints-wait.ts";

const member = guardWith((request) =>
  request.headers.get("authorization") === "Bearer hv_test" ? people.member : null,
);
let world: World;
const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: (r) => world.http.handle(r) });
const folder = mkdtempSync(join(tmpdir(), "hypervize-cli-"));
const before = { ...process.env };
process.env["HYPERVIZE_URL"] = server.url.href;
process.env["HYPERVIZE_API_KEY"] = "hv_test";
afterAll(() => {
  process.env = before;
  rmSync(folder, { recursive: true });
  return server.stop(true);
});

const open = (changes: Partial<EndpointRouteParts> = {}) => {
  world = worldWith({ guard: member, ...changes });
};
beforeEach(() => open());

async function run(...argv: string[]) {
  const command = adminCommands.find(({ name }) => name === "endpoints");
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

const move = (standing: Partial<EndpointState>): void =>
  decide(world.database, world.endpoints, [changeOf(world.endpoints.existing("chat"), standing)]);

test("create sends every word that was said", async () => {
  const token = join(folder, "token");
  writeFileSync(token, "hf_secret\n");
  const words = [
    ...["--name", "chat", "--runtime", "llama-server", "--gpu", "cpu", "--context", "512"],
    ...["--concurrency", "2", "--min", "0", "--max", "3", "--idle", "never", "--l1", "0"],
    ...[
      "--cold-start",
      "fail",
      "--visibility",
      "team",
      "--label",
      "region=eu",
      "--label",
      "pool=a",
    ],
    ...["--env", "TZ=Etc/UTC", "--arg=--flash-attn", "--arg", "on", "--hf-token-file", token],
  ];
  const { code, out, err } = await run("create", demo, ...words);
  expect([code, err]).toEqual([0, ""]);
  const { id, spec } = world.endpoints.existing("chat");
  expect(out).toStartWith(`${id}\nchat is building: ${server.url.origin}/api/d/${id}/v1`);
  expect(spec).toEqual({
    model: demo,
    revision: null,
    task: null,
    runtime: "llama-server",
    gpu: { type: "cpu", count: null },
    context: 512,
    concurrency: 2,
    min_replicas: 0,
    max_replicas: 3,
    idle_timeout_s: null,
    cold_start: "fail",
    l1_timeout_s: 0,
    labels: { region: "eu", pool: "a" },
    env: { TZ: "Etc/UTC" },
    args: ["--flash-attn", "on"],
    visibility: "team",
  });
  expect(world.endpoints.tokenOf(id)).toBe("hf_secret");
});

test("list, show and events show it; update, orders and delete change it", async () => {
  await run("create", demo, "--name", "chat");
  expect((await run()).out).toMatch(/^ID +NAME +STATUS.*\nendpt-\w+ +chat +building/);
  expect((await run("show", "chat")).out).toContain("openai_base_url");
  expect(JSON.parse((await run("show", "chat", "--json")).out).name).toBe("chat");
  expect((await run("events", "chat")).out).toContain("1970-01-01T00:00:05.000Z  -     building");
  expect((await run("update", "chat", "--max", "2")).code).toBe(0);
  expect(world.endpoints.existing("chat").spec.max_replicas).toBe(2);
  expect((await run("pause", "chat")).out).toStartWith("chat: It is being paused");
  expect(await run("wake", "chat")).toMatchObject({
    code: 1,
    err: expect.stringContaining("Resume"),
  });
  expect((await run("delete", "chat")).out).toContain("is being deleted");
  expect(world.endpoints.existing("chat").standing.intent).toBe("delete");
});

test("a dry run says where, why and at whose cost; a refusal is exit 1", async () => {
  const would_stop = [{ model: "small", host_name: "beta" }];
  open({ dryRun: () => ({ ...fits, would_stop }) });
  const good = await run("create", demo, "--dry-run");
  expect(good).toMatchObject({ code: 0, err: "" });
  expect(good.out).toContain("It has room.");
  expect(good.out).toContain("small on beta would be put to sleep.");
  const refused = { refused: "busy" as const, detail: "All is taken.", nearest: "Wait." };
  open({ dryRun: () => ({ ...fits, placement: null, refused }) });
  const bad = await run("create", demo, "--dry-run");
  expect([bad.code, bad.out.split("\n")[0]]).toEqual([1, "All is taken. Wait."]);
  expect(world.endpoints.list()).toEqual([]);
});

/** The status moves on whenever somebody looks. */
function moving(...standings: Partial<EndpointState>[]): void {
  open({
    liveOf() {
      const next = standings.shift();
      if (next) setImmediate(() => move(next));
      return live;
    },
  });
}

test("--wait shows how far it is and ends when it is up", async () => {
  moving({}, { detail: "Waits for room." }, { status: "up", detail: "" });
  const { code, out, err } = await run("create", demo, "--name", "chat", "--wait");
  expect([code, err.split("\n")]).toEqual([0, ["chat: loading", "chat: loading, Waits for room."]]);
  expect(out).toStartWith("chat is up: http://127.0.0.1:");
});

test("a wake with --wait ends when it is up, too", async () => {
  moving({ status: "sleeping" }, { status: "waking_up" }, { status: "up" });
  await run("create", demo, "--name", "chat");
  const { code, out } = await run("wake", "chat", "--wait");
  expect([code, out]).toEqual([0, expect.stringMatching(/^chat is up: http/)]);
});

test("--wait ends with exit 1 and the cause when it has failed", async () => {
  moving({ status: "failed", cause: "out_of_memory", detail: "It needs 9 GiB." });
  const { code, out, err } = await run("create", demo, "--name", "chat", "--wait");
  expect([code, out, err]).toEqual([1, "", "chat is failed. out_of_memory: It needs 9 GiB."]);
});

test("logs print lines without what would command a terminal; followed ones say whose they are", async () => {
  const text = ["one", "\u001b[2Jred\tgrün"];
  open({
    followLog: (_host, _id, tail, onLines, onEnd) => {
      setImmediate(() => {
        void onLines(text, 0);
        onEnd("replica_gone");
        // Ends what is followed, as the stop of an appliance does.
        if (tail === 7) setImmediate(() => world.stop());
      });
      return () => {};
    },
  });
  await run("create", demo, "--name", "chat");
  expect((await run("logs", "chat", "--tail", "5")).out).toBe("one\n[2Jred\tgrün");
  expect(await run("logs", "chat", "--follow", "--tail", "7")).toEqual({
    code: 0,
    out: "rep_1 one\nrep_1 [2Jred\tgrün",
    err: "rep_1: It is not on alpha any more.",
  });
});

test.each([
  [["create"], "One MODEL is needed"],
  [["create", "a", "b"], "One MODEL is needed"],
  [["update", "chat"], "Say what to change."],
  [["create", "a", "--env", "hunter2"], "--env takes NAME=VALUE."],
  [["create", "a", "--idle", "soon"], "--idle takes a whole number"],
  [["show"], "An id is needed"],
])("%j is a usage error", async (argv, sentence) => {
  expect(await run(...argv)).toMatchObject({ code: 2, err: expect.stringContaining(sentence) });
});

test("what the appliance refuses is its own sentence, and exit 1", async () => {
  const { code, err } = await run("create", "builtin:nothing");
  expect([code, err]).toEqual([1, expect.stringContaining('No model "nothing" is built in.')]);
  expect((await run("create", demo, "--hf-token-file", join(folder, "none"))).code).toBe(1);
});

test("progress is shown in bytes, rate and time that is left", () => {
  const progress = {
    downloaded_bytes: 1.5 * 2 ** 30,
    download_bytes: 2 ** 32,
    bytes_per_s: 2 ** 26,
    eta_s: 300,
  };
  const view = { name: "chat", status: "building", phase: "downloading", progress, detail: "" };
  expect(progressText(view as never)).toBe(
    "chat: downloading, 1.5 of 4.0 GiB, 64.0 MiB/s, 5 min left",
  );
  const unknown = { ...progress, download_bytes: 0, bytes_per_s: 0, eta_s: null };
  expect(progressText({ ...view, progress: unknown } as never)).toBe("chat: downloading, 1.5 GiB");
  expect(progressText({ ...view, status: "waking_up", phase: null, progress: null } as never)).toBe(
    "chat: waking up",
  );
});
