/**
 * The compiled binary as it serves in production on one machine: appliance, agent, a model of the catalog,
 * a real key. Only llama-server is a mock, so that what is measured is ours.
 */

import type { Testbed } from "../../src/scenarios/appliance.testbed.ts";
import { ApplianceProcess } from "../../src/scenarios/appliance-process.ts";
import { type LoadMode, type LoadResult, load, mustBeClean, type Target } from "./load.ts";
import { Metering } from "./metering.ts";
import { startNginx } from "./nginx.ts";
import { buildPrograms } from "./programs.ts";

const model = "bench";

/** So high that nothing meets them: what is measured is that they are counted. */
const limits = {
  rpm_limit: 1_000_000_000,
  tpm_limit: 1_000_000_000,
  max_parallel_requests: 1_000_000,
  monthly_budget: 1_000_000_000,
  models: [model],
  allowed_cidrs: ["127.0.0.0/8"],
};

export interface Bed {
  testbed: Testbed;
  appliance: ApplianceProcess;
  ours: Target;
  nginx: Target;
  /** Folder of what nginx has at /files/. */
  files: string;
  /** The mock itself. */
  direct: Target;
  /** What of a request's way is switched off, since this binary does not have it. */
  missing: string[];
  /** What our usage rows have to say in the end. */
  metering: Metering;
  /** Throws when an answer was not as it must be: a number measured with it means nothing. */
  load(target: Target, mode: LoadMode): Promise<LoadResult>;
}

export async function makeBed(testbed: Testbed): Promise<Bed> {
  const programs = buildPrograms();
  process.env["HYPERVIZE_LLAMA_SERVER"] = programs.mock;
  const appliance = await ApplianceProcess.create(testbed);
  const agent = await appliance.addAgent();
  await appliance.addDemoModel({ name: model, slots: 256 });
  await appliance.ready(1, model);
  const { port: runtime } = await agent.runtime();
  const nginx = await startNginx(testbed, runtime);
  const missing: string[] = [];
  const key = await limitedKey(appliance, missing);
  await price(appliance, missing);
  const ours: Target = { name: "ours", port: appliance.port, model, key, pid: appliance.pid };
  const metering = new Metering(appliance);
  await metering.begin();
  return {
    testbed,
    appliance,
    missing,
    metering,
    ours,
    async load(target, mode) {
      const result = mustBeClean(target.name, await load(programs.load, target, mode));
      if (target === ours) metering.expect(result);
      return result;
    },
    files: nginx.files,
    nginx: { name: "nginx", port: nginx.port, model, key, pid: nginx.pid },
    direct: { name: "direct", port: runtime, model, key, pid: null },
  };
}

async function limitedKey(appliance: ApplianceProcess, missing: string[]): Promise<string> {
  const issue = (more: object) =>
    appliance.api<{ key: string }>("/api/keys", { name: "bench", ...more });
  try {
    return (await issue(limits)).key;
  } catch (error) {
    missing.push(`limits (${sentence(error)})`);
    return (await issue({})).key;
  }
}

async function price(appliance: ApplianceProcess, missing: string[]): Promise<void> {
  const per_million = {
    input_per_million: 1,
    cached_input_per_million: 0.5,
    output_per_million: 2,
  };
  await appliance
    .api("/api/prices", { model, ...per_million }, "PUT")
    .catch((error) => missing.push(`prices (${sentence(error)})`));
}

/** What the API said, or the whole error where it said something else. */
function sentence(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return /"message":"([^"]+)"/.exec(text)?.[1] ?? text;
}
