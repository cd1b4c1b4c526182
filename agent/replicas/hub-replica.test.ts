import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type AgentHome, agentHome, demoReplica, replicaIs, runtimesOf } from "../agent.testbed.ts";
import type { ObservedReplica } from "../contract/protocol/messages.ts";
import demo from "../weights/demo/hypervize-demo.gguf" with { type: "file" };
import { HubTestbed } from "../weights/hub/hub.testbed.ts";
import { test_commit } from "../weights/hub/hub-repos.testbed.ts";

// Two busy cores can make a llama-server take seconds to start.
setDefaultTimeout(30_000);

const token = "hf_secretOfAPerson";
const model_file = "demo-Q4_K_M.gguf";
const gated = demoReplica({ source: `hf:org/gated@${test_commit}:${model_file}`, hf_token: token });
const demo_bytes = Bun.file(demo).size;

let home: AgentHome;
let hub: HubTestbed;
beforeEach(async () => {
  home = await agentHome();
  hub = await HubTestbed.start({
    repos: { "org/gated": { files: { [model_file]: demo }, gated: token } },
  });
});
afterEach(async () => {
  await home.close();
  await hub.stop();
});

const open = () => home.open({ env: { HF_ENDPOINT: hub.url } });

async function until(
  state: ObservedReplica["state"],
  also?: (replica: ObservedReplica) => boolean,
): Promise<ObservedReplica> {
  const { replicas } = await home.testbed.until(replicaIs(state, also));
  const [replica] = replicas;
  if (replica === undefined) throw new Error("no replica was observed");
  return replica;
}

/** Every file in a folder, with what is in it. */
function contentsOf(folder: string): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  return files
    .filter((file) => file.isFile())
    .map((file) => readFileSync(join(file.parentPath, file.name), "latin1"))
    .join("\n");
}

test("a gated model is fetched, loaded and warmed up, and the token stays out of disk, log and runtime", async () => {
  hub.bytes_per_s = 3 * demo_bytes;
  open();
  home.testbed.desire({ generation: 1, replicas: [gated] });
  const { pid } = await until("ready");
  const seen = home.testbed.observed.flatMap(({ replicas }) => replicas);
  const phases = seen.map(({ phase }) => phase).filter((phase, at, all) => phase !== all[at - 1]);
  expect(phases.slice(phases.indexOf("downloading"))).toEqual([
    "downloading",
    "loading",
    "warming",
    "",
  ]);
  expect(seen.find(({ phase }) => phase === "downloading")).toMatchObject({
    state: "starting",
    pid: 0,
  });
  expect(home.testbed.observed.at(-1)?.sources).toEqual([gated.source]);
  expect(readFileSync(`/proc/${pid}/environ`, "latin1")).not.toContain(token);
  expect(readFileSync(`/proc/${pid}/environ`, "latin1")).toContain("HF_HUB_OFFLINE=1");
  expect(readFileSync(`/proc/${pid}/cmdline`, "latin1")).not.toContain(token);
  expect(contentsOf(home.home)).not.toContain(token);
  expect(home.lines.join("\n")).not.toContain(token);
});

test("a download says how far it is, ends at once when nobody wants it, and is resumed later", async () => {
  const half = Math.floor(demo_bytes / 2);
  hub.failNext({ at: "cdn", hang_after: half });
  open();
  home.testbed.desire({ generation: 1, replicas: [gated] });
  const halfway = await until("starting", ({ downloaded_bytes }) => downloaded_bytes === half);
  expect(halfway).toMatchObject({ phase: "downloading", download_bytes: demo_bytes, pid: 0 });
  home.testbed.desire({ generation: 2, replicas: [] });
  await home.testbed.until(({ generation, replicas }) => generation === 2 && replicas.length === 0);
  home.testbed.desire({ generation: 3, replicas: [{ ...gated, epoch: 2 }] });
  await until("ready");
  expect(hub.requests.at(-1)).toMatchObject({ at: "cdn", range: `bytes=${half}-` });
});

test("a new epoch's token is used, and without one the sentence says what to do", async () => {
  open();
  home.testbed.desire({ generation: 1, replicas: [{ ...gated, hf_token: "" }] });
  const failed = await until("failed");
  expect(failed).toMatchObject({ cause: "gated_model", phase: "" });
  expect(failed.detail).toContain("Accept its licence at http");
  home.testbed.desire({ generation: 2, replicas: [{ ...gated, epoch: 2 }] });
  await until("ready");
});

test("a killed agent's runtime is adopted without its token, and starts again without the hub", async () => {
  const env = { HF_ENDPOINT: hub.url };
  const first = home.spawn(env);
  home.testbed.desire({ generation: 1, replicas: [gated] });
  const { pid } = await until("ready");
  first.kill("SIGKILL");
  await first.exited;
  await hub.stop();
  home.testbed.observed.length = 0;
  home.spawn(env);
  expect(await until("ready")).toMatchObject({ pid, restarts: 0 });
  expect(home.testbed.observed.at(-1)?.sources).toEqual([gated.source]);
  home.testbed.desire({ generation: 2, replicas: [{ ...gated, hf_token: "hf_other" }] });
  const { replicas } = await home.testbed.until(({ generation }) => generation === 2);
  expect(replicas).toMatchObject([{ pid, state: "ready" }]);
  for (const runtime of await runtimesOf(home.home)) process.kill(runtime.pid, "SIGKILL");
  expect(await until("ready", (replica) => replica.pid !== pid)).toMatchObject({ restarts: 1 });
});
