import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type AgentHome, agentHome, demoReplica, replicaIs } from "../agent.testbed.ts";
import type { ObservedReplica } from "../contract/protocol/messages.ts";
import { S3Testbed, test_keys } from "../contract/s3/s3.testbed.ts";
import demo from "../weights/demo/hypervize-demo.gguf" with { type: "file" };

// Two busy cores can make a llama-server take seconds to start.
setDefaultTimeout(30_000);

const { secret_access_key: secret } = test_keys;
let home: AgentHome;
let store: S3Testbed;
beforeEach(async () => {
  home = await agentHome();
  store = await S3Testbed.start({ "demo/demo.gguf": readFileSync(demo) });
});
afterEach(async () => {
  await home.close();
  await store.stop();
});

const replica = (access = store.access()) =>
  demoReplica({ source: "s3://models/demo", s3: access });

async function until(state: ObservedReplica["state"]): Promise<ObservedReplica> {
  const { replicas } = await home.testbed.until(replicaIs(state));
  const [first] = replicas;
  if (first === undefined) throw new Error("no replica was observed");
  return first;
}

/** Every file in a folder, with what is in it. */
function contentsOf(folder: string): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  return files
    .filter((file) => file.isFile())
    .map((file) => readFileSync(join(file.parentPath, file.name), "latin1"))
    .join("\n");
}

test("what opens the store stays out of disk, log, runtime and reports, and new keys touch nothing", async () => {
  home.open();
  home.testbed.desire({ generation: 1, replicas: [replica()] });
  const { pid } = await until("ready");
  const told = home.testbed.observed.at(-1)?.sources ?? [];
  expect(told).toContain("s3://models/demo");
  expect(told.some((source) => /^s3:\/\/models\/demo@[0-9a-f]{40}:demo\.gguf$/.test(source))).toBe(
    true,
  );
  for (const file of ["environ", "cmdline"]) {
    expect(readFileSync(`/proc/${pid}/${file}`, "latin1")).not.toContain(secret);
  }
  expect(contentsOf(home.home)).not.toContain(secret);
  expect(home.lines.join("\n")).not.toContain(secret);
  expect(JSON.stringify(home.testbed.observed)).not.toContain(secret);
  const other = replica(store.access({ secret_access_key: "another" }));
  home.testbed.desire({ generation: 2, replicas: [other] });
  const { replicas } = await home.testbed.until(({ generation }) => generation === 2);
  expect(replicas).toMatchObject([{ pid, state: "ready", restarts: 0 }]);
});

test("a refusal of the store is a failure with a reason, and a new epoch with the right keys is ready", async () => {
  home.open();
  const wrong = replica(store.access({ secret_access_key: "wrong+secret" }));
  home.testbed.desire({ generation: 1, replicas: [wrong] });
  const failed = await until("failed");
  expect(failed).toMatchObject({ cause: "config", phase: "" });
  expect(failed.detail).toContain("does not accept the S3 access key (SignatureDoesNotMatch)");
  expect(failed.detail).not.toContain("wrong+secret");
  home.testbed.desire({ generation: 2, replicas: [{ ...replica(), epoch: 2 }] });
  await until("ready");
});
