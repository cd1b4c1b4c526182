/**
 * llama-server with a real backend for GPUs: Debian's for Vulkan, on Mesa's software device. What is placed on a GPU is
 * offloaded to it, and nothing else is. `.ci/prepare.sh` gets it.
 */
import { afterAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { agentHome, demoReplica, replicaIs } from "../agent.testbed.ts";
import { FakeSmi } from "../hardware/fake-smi.testbed.ts";
import demo from "../weights/demo/hypervize-demo.gguf" with { type: "file" };
import { llamaServer } from "./llama-server.ts";

const vulkan = process.env["HYPERVIZE_LLAMA_VULKAN"] ?? "";
const reason = vulkan === "" ? " (skipped: Debian's Vulkan packages could not be had)" : "";
const csv = readFileSync(join(import.meta.dir, "../hardware/samples/h200-pair.csv"), "utf8");
const [uuid = "", otherId = ""] = csv.match(/GPU-[0-9a-f-]+/g) ?? [];
const gpus = [{ index: 0, uuid, name: "NVIDIA H200" }];
const started: Bun.Subprocess[] = [];
afterAll(() => Promise.all(started.map((child) => child.kill("SIGKILL") as unknown)));

describe.skipIf(vulkan === "")(`a build for Vulkan${reason}`, () => {
  test("says which device it sees", async () => {
    expect(await llamaServer(vulkan).detect()).toMatchObject({
      says_devices: true,
      devices: [{ id: "Vulkan0", name: expect.stringContaining("llvmpipe") }],
    });
  });

  test.each([
    [[uuid], "Vulkan0"],
    [["cpu"], "CPU"],
  ] as const)(
    "for %j the context lies on %s",
    async (devices, place) => {
      const driver = llamaServer(vulkan);
      await driver.detect();
      const { command, env } = await driver.plan({
        spec: demoReplica({ devices: [...devices] }),
        weights_path: demo,
        weights_bytes: 4_000_000,
        port: await portOf(),
        host: { memory_bytes: 2 ** 33, gpu_count: 1, gpus },
      });
      // As it is started, but with all that it says.
      const child = Bun.spawn([...command, "-lv", "5"], {
        env: { ...process.env, ...env },
        stdout: "ignore",
        stderr: "pipe",
      });
      started.push(child);
      expect(await saying(child.stderr, /(\S+) KV buffer size/)).toBe(place);
      child.kill("SIGKILL");
      await child.exited;
    },
    60_000,
  );

  test("a replica on it becomes ready and answers", async () => {
    const agent = await agentHome();
    const smi = new FakeSmi(csv);
    try {
      const PATH = `${dirname(smi.path)}:${process.env["PATH"]}`;
      agent.open({ llamaServer: vulkan, env: { PATH } });
      agent.testbed.desire({ generation: 1, replicas: [demoReplica({ devices: [uuid] })] });
      const [ready] = (await agent.testbed.until(replicaIs("ready"))).replicas;
      const command = readFileSync(`/proc/${ready?.pid}/cmdline`, "utf8").split("\0");
      expect(command.slice(command.indexOf("--device")).slice(0, 2)).toEqual([
        "--device",
        "Vulkan0",
      ]);
      const answer = await fetch(`http://127.0.0.1:${ready?.port}/v1/chat/completions`, {
        method: "POST",
        body: JSON.stringify({ messages: [{ role: "user", content: "Hello" }], max_tokens: 4 }),
      });
      expect(await answer.json()).toMatchObject({ usage: { completion_tokens: 4 } });
    } finally {
      await agent.close();
      smi.end();
    }
  }, 90_000);
});

test("a build without a backend is not started on a GPU, and the words say what to do", async () => {
  const agent = await agentHome();
  const smi = new FakeSmi(csv);
  try {
    const PATH = `${dirname(smi.path)}:${process.env["PATH"]}`;
    agent.open({ env: { PATH } });
    agent.testbed.desire({ generation: 1, replicas: [demoReplica({ devices: [otherId] })] });
    const [failed] = (await agent.testbed.until(replicaIs("failed"))).replicas;
    expect(failed).toMatchObject({ cause: "config", pid: 0, restarts: 0 });
    expect(failed?.detail).toContain("build without a backend for GPUs");
    expect(failed?.detail).toContain("--llama-server PATH");
  } finally {
    await agent.close();
    smi.end();
  }
}, 60_000);

async function portOf(): Promise<number> {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  const { port = 0 } = server;
  await server.stop(true);
  return port;
}

/** What the pattern's group is where it first matches. */
async function saying(output: ReadableStream<Uint8Array>, pattern: RegExp): Promise<string> {
  let said = "";
  const decoder = new TextDecoder();
  for await (const piece of output) {
    said += decoder.decode(piece, { stream: true });
    const found = pattern.exec(said)?.[1];
    if (found !== undefined) return found;
  }
  throw new Error(`It ended without ${pattern}: ${said.slice(-2000)}`);
}
