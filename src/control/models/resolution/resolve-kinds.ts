/** On what kind of device a model is sized before anything is placed, and with which context. Pure. */

import { badRequest } from "../../../shared/failure.ts";
import type { Host } from "../../scheduler/placement/fleet.ts";
import { cpu, isOfType, knownGpu } from "../../scheduler/placement/kinds.ts";
import { sizingOn, type Wanted } from "../../scheduler/placement/need.ts";
import type { Model } from "../../scheduler/sizing/model.ts";
import type { Sizing } from "../../scheduler/sizing/plan.ts";
import type { Asked, Runtime } from "./artifact.ts";

/** Devices of one kind. */
export interface Kind {
  /** As placement has it: `cpu`, or a GPU's name as the driver writes it. */
  kind: string;
  memory_bytes: number;
  /** The most of them that one host has. */
  count: number;
  /** Runtimes that see them on no host. */
  unseen_by?: readonly string[];
}

/** The kinds of a fleet, each with the host that has most of it; of processors, those with most memory. */
export function kindsIn(hosts: readonly Pick<Host, "devices" | "blind">[]): Kind[] {
  const kinds = new Map<string, Kind>();
  for (const { devices, blind = [] } of hosts) {
    const here = Map.groupBy(devices, ({ kind, memory_bytes }) =>
      kind === cpu ? cpu : `${kind}/${memory_bytes}`,
    );
    for (const [key, [first, ...others]] of here) {
      if (!first) continue;
      const { kind, memory_bytes } = first;
      const known = kinds.get(key) ?? { memory_bytes: 0, count: 0, unseen_by: blind };
      const unseen_by = kind === cpu ? [] : known.unseen_by?.filter((one) => blind.includes(one));
      kinds.set(key, {
        kind,
        memory_bytes: Math.max(known.memory_bytes, memory_bytes),
        count: Math.max(known.count, 1 + others.length),
        ...(unseen_by?.length && { unseen_by }),
      });
    }
  }
  return [...kinds.values()];
}

/** Where nobody says how long: more than most requests have, and little beside the weights. */
const usual_context = 32_768;
/** Where the model does not say either. */
const unstated_context = 8192;
/** llama.cpp rounds a context to this, and a shorter one serves nobody. */
const context_step = 256;
/** One host's, where a GPU type was asked for that no host has. */
const usual_gpus = 8;

export interface Decided {
  context_tokens: number;
  /** Null when the model's size is unknown, or there is nothing to size it on. */
  sizing: Sizing | null;
}

/**
 * An asked context stands, up to the model's own (400 above it). Without one, everything that the
 * model was made for would be reserved per request, and 131,072 tokens cost more memory than the
 * weights of most models: so 32,768, and less where the fleet's best kind holds less at the asked
 * concurrency. A context where nothing fits stays as it is: placement refuses it with the reason.
 */
export function decideContext(
  spec: Asked,
  runtime: Runtime,
  model: Model | null,
  fleet: readonly Kind[],
): Decided {
  const most = model?.facts.context_max ?? null;
  if (spec.context !== null && most !== null && spec.context > most) {
    throw badRequest(
      `${model?.name ?? "The model"} was made for at most ${most} tokens, and \`context\` asks for ${spec.context}. Ask for ${most} or less.`,
      "context",
      "context_too_long",
    );
  }
  const wished = spec.context ?? Math.min(most ?? unstated_context, usual_context);
  if (model === null) return { context_tokens: wished, sizing: null };
  const sized = (context_tokens: number): Sizing | null =>
    best(
      eligible(spec, runtime, fleet).map((kind) =>
        sizeOn(kind, { spec, runtime, model, context_tokens }),
      ),
    );
  const sizing = sized(wished);
  if (spec.context !== null || sizing?.verdict !== "fits_smaller") {
    return { context_tokens: wished, sizing };
  }
  const context_tokens = Math.max(
    context_step,
    Math.floor(sizing.max_context / context_step) * context_step,
  );
  return { context_tokens, sizing: sized(context_tokens) };
}

function eligible({ gpu }: Asked, runtime: Runtime, fleet: readonly Kind[]): Kind[] {
  const { type, count } = gpu;
  const able = fleet.filter(({ kind, unseen_by }) =>
    kind !== cpu
      ? !unseen_by?.includes(runtime)
      : runtime === "llama-server" && (count === null || type?.toLowerCase() === cpu),
  );
  if (type === null) return able;
  const asked = able.filter(({ kind }) => isOfType(kind, type));
  const listed = knownGpu(type);
  if (asked.length > 0 || !listed) return asked;
  return [{ kind: listed.name, memory_bytes: listed.memory_bytes, count: usual_gpus }];
}

interface Sized extends Omit<Wanted, "gpu" | "concurrency"> {
  spec: Asked;
  model: Model;
}

/** With as few as are needed; where one host has not so many, with all that it has. */
function sizeOn({ kind, memory_bytes, count }: Kind, { spec, ...rest }: Sized): Sizing {
  const wanted: Wanted = { ...rest, gpu: spec.gpu, concurrency: spec.concurrency };
  const device = { kind, memory_bytes };
  const asked = kind === cpu ? 1 : spec.gpu.count;
  const sizing = sizingOn(wanted, rest.model, device, asked);
  return asked === null && sizing.gpus > count
    ? sizingOn(wanted, rest.model, device, count)
    : sizing;
}

/** What fits, or has the longest context that does; GPUs before processors, and the least memory. */
function best(sizings: readonly Sizing[]): Sizing | null {
  const [first] = [...sizings].sort(
    (a, b) =>
      rank[a.verdict] - rank[b.verdict] ||
      (a.verdict === "fits_smaller" ? b.max_context - a.max_context : 0) ||
      Number(a.gpu === cpu) - Number(b.gpu === cpu) ||
      a.gpus * usable(a) - b.gpus * usable(b),
  );
  return first ?? null;
}

const rank = { fits: 0, fits_smaller: 1, no: 2 };

const usable = (sizing: Sizing): number =>
  sizing.weights_bytes_per_gpu +
  sizing.kv_bytes_per_gpu +
  sizing.activation_bytes_per_gpu +
  sizing.overhead_bytes_per_gpu;
