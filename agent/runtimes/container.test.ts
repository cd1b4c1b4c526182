import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { agentHome, demoReplica, replicaIs } from "../agent.testbed.ts";
import { identify, isAlive } from "../contract/process-identity.ts";
import { descendantsOf, processTreeOf } from "../gpu-admission/process-tree.ts";
import { handlesIn } from "../process/handle.ts";
import { inContainer } from "./container.ts";
import { vllm } from "./engine.ts";
import { EngineEnvironment } from "./fakes/environment.testbed.ts";

let environment: EngineEnvironment;
let docker: string;
let image: string;
beforeAll(() => {
  environment = new EngineEnvironment({ vllm: "0.30.0", sglang: "0.5.5" });
  docker = join(environment.folder, "docker");
  image = `${environment.bin}:v0.30.0`;
  const program = join(import.meta.dir, "fakes/container.ts");
  writeFileSync(docker, `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`);
  chmodSync(docker, 0o755);
});
afterAll(() => environment.end());

const launch = (devices: string[], weights_path: string, env = {}) => ({
  spec: demoReplica({ devices, env }),
  weights_path,
  weights_bytes: 1,
  port: 4000,
  host: { memory_bytes: 1, gpu_count: 2 },
});
const contained = (program: string) =>
  inContainer(
    {
      name: "vllm",
      entrypoint: "vllm",
      arguments: () => ["serve"],
      classify: () => "port_taken",
      start_timeout_ms: () => 1,
      env: ({ spec }) => (spec.can_sleep ? { PYTHONPATH: "/guard", KEY: "quoxomb" } : {}),
    },
    {
      image: "vllm/vllm-openai:v0.11.2",
      program,
      cache_folder: environment.folder,
      env: {},
      log: () => undefined,
    },
  );

describe("the command", () => {
  test("gives a container its GPUs, its weights to read, and secrets by name alone", async () => {
    const { command } = await contained(docker).plan(
      launch(["GPU-a", "GPU-b"], environment.model, { HF_SECRET: "quoxomb" }),
    );
    const line = command.join(" ");
    expect(line).toContain('--gpus "device=GPU-a,GPU-b" ');
    expect(line).toContain(`-v ${environment.model}:${environment.model}:ro `);
    expect(line).toContain("-e HF_SECRET -e HYPERVIZE_REPLICA -e SPT_NOENV ");
    expect(line).not.toContain("quoxomb");
    expect(line).toContain("-e USER=hypervize ");
    expect(line).toEndWith("--entrypoint vllm vllm/vllm-openai:v0.11.2 serve");
  });

  test("mounts the guard of one that can sleep, and tells it the key by name alone", async () => {
    const can_sleep = launch([], environment.model);
    const plan = await contained(docker).plan({
      ...can_sleep,
      spec: { ...can_sleep.spec, can_sleep: true },
    });
    const line = plan.command.join(" ");
    expect(line).toContain("-v /guard:/guard:ro ");
    expect(line).toContain("-e PYTHONPATH -e KEY ");
    expect(line).not.toContain("quoxomb");
    expect(plan.env).toMatchObject({ PYTHONPATH: "/guard", KEY: "quoxomb" });
  });

  test("speaks CDI to Podman, and asks for no GPU where none is meant", async () => {
    const podman = join(environment.folder, "podman");
    symlinkSync(docker, podman);
    const words = async (devices: string[]) =>
      (await contained(podman).plan(launch(devices, environment.model))).command.join(" ");
    expect(await words(["GPU-a", "GPU-b"])).toContain(
      "--device nvidia.com/gpu=GPU-a --device nvidia.com/gpu=GPU-b ",
    );
    expect(await words([])).toContain("--device nvidia.com/gpu=all ");
    expect(await words(["cpu"])).not.toContain("nvidia");
    expect(await words(["cpu"])).toContain("--name hypervize-rep_demo --replace ");
  });

  test("mounts the blobs that a snapshot's links lead to", async () => {
    const [blobs, snapshot] = ["blobs", "snapshot"].map((name) => join(environment.folder, name));
    for (const folder of [blobs, snapshot]) mkdirSync(folder ?? "");
    writeFileSync(join(blobs ?? "", "abc"), "x");
    symlinkSync("../blobs/abc", join(snapshot ?? "", "config.json"));
    const { command } = await contained(docker).plan(launch([], snapshot ?? ""));
    expect(command.filter((_, at) => command[at - 1] === "-v")).toEqual([
      `${snapshot}:${snapshot}:ro`,
      `${blobs}:${blobs}:ro`,
      expect.stringContaining(":/hypervize"),
    ]);
  });
});

test("the tag is the version; an image that is not here is no runtime, and the log says why", async () => {
  const lines: string[] = [];
  const log = (line: string) => lines.push(line);
  const guard = { folder: environment.folder, key: "key" };
  const driver = (name: string, program = docker) => {
    const options = { program, cache_folder: environment.folder, env: {}, log, image: name };
    return vllm({ guard, container: options });
  };
  const found = (...of: Parameters<typeof driver>) => driver(...of).detect();
  expect(await found(image)).toEqual({ name: "vllm", version: "0.30.0", path: `docker:${image}` });
  expect(lines).toEqual([]);
  const latest = driver("vllm/vllm-openai:latest");
  // Once, however often it is looked for.
  expect([await latest.detect(), await latest.detect()]).toEqual([undefined, undefined]);
  expect(await found(image, "no-such-program")).toBeUndefined();
  const from = "vllm does not run from the image";
  expect(lines).toEqual([
    `${from} vllm/vllm-openai:latest: The image is not on this host. Pull it there first.`,
    `${from} ${image}: Neither Docker nor Podman is on this host. Install one of them.`,
  ]);
});

test("an engine that the kernel killed for memory is known by its client's exit code", () => {
  const container = { program: docker, cache_folder: environment.folder, env: {}, image };
  const { classify } = vllm({
    guard: { folder: "", key: "" },
    container: { ...container, log: () => undefined },
  });
  const exit = { code: 137, signal: undefined };
  const death = { exit, log_tail: [], was_ready: true, out_of_memory_kills: true };
  expect(classify(death)).toMatchObject({ failure_class: "out_of_memory", retry: true });
});

/** An agent with vLLM from an image, and one replica on it; RUNS: the processes of its container. */
async function running(program = docker) {
  const agent = await agentHome();
  agent.open({ vllmImage: image, containerProgram: program });
  const replica = demoReplica({ runtime: "vllm", source: `file://${environment.model}` });
  agent.testbed.desire({ generation: 1, replicas: [replica] });
  const inside = async () => {
    const { handles } = await handlesIn(join(agent.home, "agent", "replicas")).readAll();
    const [handle] = handles;
    if (!handle) return [];
    const client = descendantsOf(handle).map(({ pid }) => pid);
    return (await processTreeOf(handle)).filter(({ pid }) => !client.includes(pid));
  };
  return { agent, inside, replica };
}

test("it serves, and ends with its container", async () => {
  const { agent, inside } = await running();
  try {
    await agent.testbed.until(replicaIs("ready"));
    const processes = await inside();
    expect(processes.length).toBeGreaterThan(0);
    agent.testbed.desire({ generation: 2, replicas: [] });
    await agent.testbed.until(({ replicas }) => replicas.length === 0);
    expect(processes.filter(isAlive)).toEqual([]);
  } finally {
    await agent.close();
  }
}, 60_000);

test("a container whose client was killed is ended before the next one starts", async () => {
  const { agent, inside } = await running();
  try {
    const [ready] = (await agent.testbed.until(replicaIs("ready"))).replicas;
    const processes = await inside();
    process.kill(ready?.pid ?? 0, "SIGKILL");
    await agent.testbed.until(replicaIs("ready", ({ restarts }) => restarts === 1));
    expect(processes.filter(isAlive)).toEqual([]);
    expect((await inside()).length).toBeGreaterThan(0);
    expect(identify(ready?.pid ?? 0)).toBeUndefined();
  } finally {
    await agent.close();
  }
}, 60_000);

test("a host without the toolkit says so", async () => {
  const bare = join(environment.folder, "docker-without-toolkit");
  writeFileSync(bare, `#!/bin/sh\nFAKE_TOOLKIT=none exec "${docker}" "$@"\n`);
  chmodSync(bare, 0o755);
  const { agent } = await running(bare);
  try {
    const [failed] = (await agent.testbed.until(replicaIs("failed"))).replicas;
    expect(failed).toMatchObject({
      cause: "config",
      detail: expect.stringContaining("NVIDIA Container Toolkit"),
    });
  } finally {
    await agent.close();
  }
}, 60_000);
