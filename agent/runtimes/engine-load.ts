/** What vLLM and SGLang work on at this moment. */
import { askLoopback } from "./loopback.ts";

/** Gauges of requests that it works on and holds; names from the engines' `metrics` modules. */
const gauges = {
  vllm: /^vllm:num_requests_(running|waiting)(?:\{[^\n]*\})? ([0-9.e+]+)$/gm,
  sglang: /^sglang:num_(running|queue)_reqs(?:\{[^\n]*\})? ([0-9.e+]+)$/gm,
};

export type EngineName = keyof typeof gauges;

/** Running and waiting, of all its ranks; undefined when METRICS does not say both. Pure. */
export function requestsIn(metrics: string, engine: EngineName): number | undefined {
  const found = [...metrics.matchAll(gauges[engine])];
  if (new Set(found.map(([, which]) => which)).size < 2) return undefined;
  return found.reduce((sum, [, , value]) => sum + Number(value), 0);
}

/** Undefined when it does not say. */
export async function requestsOf(
  engine: EngineName,
  port: number,
  signal: AbortSignal,
): Promise<number | undefined> {
  const answer = await askLoopback(port, "/metrics", signal).catch(() => undefined);
  return answer?.status === 200 ? requestsIn(answer.body, engine) : undefined;
}

/**
 * SGLang writes its gauges every few steps, and may show a request for half a minute after its end; its scheduler
 * answers /get_load itself (`entrypoints/http_server.py` 0.5). Undefined where it has no such route.
 */
export async function sglangLoad(port: number, signal: AbortSignal): Promise<number | undefined> {
  const answer = await askLoopback(port, "/get_load", signal).catch(() => undefined);
  if (answer?.status !== 200) return undefined;
  const ranks = parsed(answer.body);
  if (!Array.isArray(ranks) || ranks.length === 0) return undefined;
  const sum = ranks.reduce((total, rank) => total + rank?.num_reqs + rank?.num_waiting_reqs, 0);
  return Number.isFinite(sum) ? sum : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
