/** What a PATCH makes of a spec, and whether anything else has to run for it. Pure. */

import { type Changes, merged } from "./provision.ts";
import type { EndpointSpec } from "./spec.ts";
import { taskArguments } from "./task.ts";

/** Throws a 400 that names the field. Another model does not keep the commit of the one before. */
export function changed(before: EndpointSpec, body: Changes): EndpointSpec {
  const after = merged(before, body);
  const moved = after.model !== before.model && body.revision === undefined;
  return moved ? { ...after, revision: null } : after;
}

/** Whether replicas of BEFORE are not replicas of AFTER. Where they are, and how many, is not it. */
export const runsOtherwise = (before: EndpointSpec, after: EndpointSpec): boolean =>
  whatRuns(before) !== whatRuns(after);

/** Whether a failed endpoint may fare better. */
export const mayHelp = (before: EndpointSpec, after: EndpointSpec): boolean =>
  runsOtherwise(before, after) || sorted(before.labels) !== sorted(after.labels);

function whatRuns(spec: EndpointSpec): string {
  const { model, revision, task, runtime, gpu, context, concurrency, env, args } = spec;
  const can_sleep = spec.l1_timeout_s !== 0;
  return JSON.stringify([
    ...[model, revision, runtime, gpu.type, gpu.count, context, concurrency, can_sleep],
    ...[sorted(env), taskArguments(task, "llama-server"), args],
  ]);
}

const sorted = (words: Readonly<Record<string, string>>): string =>
  JSON.stringify(Object.entries(words).sort(([a], [b]) => (a < b ? -1 : 1)));
