import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ProcessIdentity } from "./contract/process-identity.ts";
import type { DesiredReplica, Observed, ObservedReplica } from "./contract/protocol/messages.ts";
import { runAgent } from "./main.ts";
import { handlesIn } from "./process/handle.ts";
import { stopGroup } from "./process/stop.ts";
import { Testbed } from "./session/session.testbed.ts";

const llama_server = process.env["HYPERVIZE_LLAMA_SERVER"] ?? "llama-server";

/** A replica of the demo model, with what a test changes. */
export function demoReplica(changes: Partial<DesiredReplica> = {}): DesiredReplica {
  return {
    id: "rep_demo",
    epoch: 1,
    model: "hypervize-demo",
    runtime: "llama-server",
    source: "builtin:hypervize-demo",
    context_tokens: 512,
    slots: 2,
    args: [],
    devices: [],
    env: {},
    hf_token: "",
    ...changes,
  };
}

/** For `Testbed.until`: the first replica has this state, and more if asked. */
export function replicaIs(
  state: ObservedReplica["state"],
  also: (replica: ObservedReplica) => boolean = () => true,
) {
  return ({ replicas: [replica] }: Observed) => replica?.state === state && also(replica);
}

export interface Engines {
  llamaServer?: string;
  vllm?: string;
  sglang?: string;
  vllmImage?: string;
  containerProgram?: string;
}

export interface AgentHome {
  home: string;
  testbed: Testbed;
  lines: string[];
  /** Runs an agent in this process; the function it gives ends it and waits for that. */
  open(
    options?: Engines & {
      stopRuntimesOnExit?: boolean;
      join?: string;
      env?: Record<string, string>;
    },
  ): () => Promise<void>;
  /** Runs an agent as a separate process, to be killed; ENV is added to this process's. */
  spawn(env?: Record<string, string>, engines?: Engines): Bun.Subprocess;
  /** Ends everything that was started and removes the home. */
  close(): Promise<void>;
}

/** A home in a temporary folder, a control plane for it, and the means to run agents there. */
export async function agentHome(): Promise<AgentHome> {
  const home = mkdtempSync(join(tmpdir(), "hypervize-agent-"));
  const testbed = await Testbed.start();
  const lines: string[] = [];
  const closings: (() => Promise<unknown>)[] = [];
  return {
    home,
    testbed,
    lines,
    open({ stopRuntimesOnExit = true, join: token = testbed.token(), env = {}, ...engines } = {}) {
      const stop = new AbortController();
      const ended = runAgent({
        home,
        join: token,
        llamaServer: llama_server,
        ...engines,
        version: "test",
        env: { ...process.env, ...env },
        stopRuntimesOnExit,
        log: (line) => lines.push(line),
        signal: stop.signal,
      });
      const end = async () => {
        stop.abort();
        await ended;
      };
      closings.push(end);
      return end;
    },
    spawn(env = {}, engines = {}) {
      const program = programOf(home, testbed.token(), engines);
      const agent = Bun.spawn([process.execPath, "-e", program], {
        stdout: "ignore",
        stderr: "inherit",
        env: { ...process.env, ...env },
      });
      closings.push(async () => {
        agent.kill("SIGKILL");
        await agent.exited;
      });
      return agent;
    },
    async close() {
      await Promise.allSettled(closings.reverse().map((closing) => closing()));
      testbed.close();
      for (const process of await runtimesOf(home)) {
        await stopGroup(process, { grace_ms: 0, kill_ms: 5000 });
      }
      rmSync(home, { recursive: true });
    },
  };
}

/** The processes that the handles in a home name. */
export async function runtimesOf(home: string): Promise<ProcessIdentity[]> {
  const { handles } = await handlesIn(join(home, "agent", "replicas")).readAll();
  return handles.map(({ process }) => process);
}

function programOf(home: string, token: string, engines: Engines): string {
  const options = { home, join: token, llamaServer: llama_server, version: "test", ...engines };
  return `
    import { runAgent } from ${JSON.stringify(join(import.meta.dir, "main.ts"))};
    const stop = new AbortController();
    process.on("SIGTERM", () => stop.abort());
    await runAgent({
      ...${JSON.stringify(options)},
      env: process.env,
      stopRuntimesOnExit: false,
      log: () => {},
      signal: stop.signal,
    });
    process.exit(0);`;
}
