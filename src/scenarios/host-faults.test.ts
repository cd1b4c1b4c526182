/** What goes wrong on a host: its memory, its clock. The runtime and the faults are real. */
import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { alive, eventually, Testbed } from "./appliance.testbed.ts";
import { ApplianceProcess } from "./appliance-process.ts";
import { chat } from "./chat.ts";
import { EndpointClient } from "./endpoint-client.ts";

setDefaultTimeout(60_000);

let testbed: Testbed;
let appliance: ApplianceProcess;
beforeEach(async () => {
  testbed = new Testbed();
  appliance = await ApplianceProcess.create(testbed);
});
afterEach(() => testbed.end(), 30_000);

/** A group of processes that may have so little memory that the next request is too much. */
function tightGroup(): { add(pid: number): void; remove(): void } | null {
  const v1 = existsSync("/sys/fs/cgroup/memory/memory.limit_in_bytes");
  const folder = join(v1 ? "/sys/fs/cgroup/memory" : "/sys/fs/cgroup", `hypervize-${process.pid}`);
  const limit = join(folder, v1 ? "memory.limit_in_bytes" : "memory.max");
  try {
    mkdirSync(folder);
    writeFileSync(limit, "1048576");
    return {
      add: (pid) => writeFileSync(join(folder, "cgroup.procs"), String(pid)),
      remove: () => rmdirSync(folder),
    };
  } catch {
    if (existsSync(folder)) rmdirSync(folder);
    return null;
  }
}

const group = tightGroup();
if (!group) process.stderr.write("Running out of memory is not tested: no cgroup can be made.\n");
else process.once("exit", () => group.remove());

test.skipIf(!group)(
  "a runtime that the kernel kills for memory is started again, and nothing else is touched",
  async () => {
    const agent = await appliance.addAgent();
    const endpoint = await EndpointClient.provision(appliance, { min_replicas: 1 });
    await endpoint.is("up");
    const { pid } = await agent.runtime();
    group?.add(pid);
    const answers = Array.from({ length: 4 }, () =>
      endpoint.chat("Count.", {}, { max_tokens: 2000, ignore_eos: true }).catch(() => undefined),
    );
    await eventually("the kernel has killed it", async () => !(await alive(pid)));
    await Promise.all(answers);
    await eventually("the host says so", async () => {
      const [host] = await appliance.hosts();
      return host?.replicas.some(({ restarts }) => restarts === 1);
    });
    await eventually("it answers again", async () => (await endpoint.chat("Hello")).status === 200);
    expect((await agent.runtime()).pid).not.toBe(pid);
    expect((await endpoint.view()).status).toBe("up");
  },
);

/** What faketime sets for its child. It stays as that child's parent, which would keep signals from the agent. */
const faketime = Bun.which("faketime");
const preloaded = faketime
  ? Bun.spawnSync([faketime, "-f", "+0", "printenv", "LD_PRELOAD"]).stdout.toString().trim()
  : "";
if (!preloaded) process.stderr.write("Wrong clocks are not tested: there is no faketime.\n");

/** Runs what follows with another time of day, and the same time between two moments. */
const skewed = (skew: string): string[] => [
  ...["env", `LD_PRELOAD=${preloaded}`, `FAKETIME=${skew}`, "FAKETIME_DONT_FAKE_MONOTONIC=1"],
];

describe.skipIf(!preloaded)("a host whose clock is wrong", () => {
  test.each([
    ["+2d", "2 days ahead of"],
    ["-3m", "3 minutes behind"],
  ])("by %s serves, and its problem is named", async (skew, words) => {
    await appliance.addAgent(testbed.folder(), skewed(skew));
    await appliance.addDemoModel();
    await appliance.ready();
    const { key } = await appliance.createKey();
    expect((await chat(appliance.url, key, "Hello")).status).toBe(200);
    await eventually("the clock is a problem", async () =>
      (await appliance.hosts())[0]?.problem?.includes(words),
    );
  });

  test("by years cannot join, and says that it may be the clock", async () => {
    const { token } = await appliance.api<{ token: string }>("/api/hosts/join-tokens", {});
    const words = ["agent", "--home", testbed.folder(), "--join", token];
    const child = testbed.spawn(words, {}, skewed("-400d"));
    let said = "";
    child.stderr?.on("data", (chunk) => {
      said += chunk;
    });
    await eventually("it has given up", async () => child.exitCode !== null);
    expect(said).toContain("this host's clock says");
    expect(said).toContain("timedatectl set-ntp true");
  });
});
