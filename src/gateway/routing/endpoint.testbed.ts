/** For tests: one Dedicated endpoint in a routing whose clocks stand where the test puts them. */
import { Failure } from "../../shared/failure.ts";
import {
  type Claimed,
  createRouting,
  type ReadyReplica,
  type RoutedEndpoint,
  type RoutedModel,
  type Routing,
  type Waiting,
} from "./routing.ts";
import type { Asker } from "./visibility.ts";

export const owner: Asker = { user_id: "usr_owner", role: "member", models: null };
export const nobody: ReadonlySet<string> = new Set();

export const replica = (id: string, changes: Partial<ReadyReplica> = {}): ReadyReplica => ({
  id,
  host: "127.0.0.1",
  port: 1,
  runtime: "llama-server",
  model: "served",
  slots: 2,
  ...changes,
});

export const endpoint = (
  standing: RoutedEndpoint["standing"],
  ready: readonly ReadyReplica[] = [],
  changes: Partial<RoutedEndpoint> = {},
): RoutedModel => ({
  id: "endpt-1",
  name: "mine",
  created_at: 1,
  ready,
  reason: null,
  endpoint: {
    owner: owner.user_id,
    visibility: "private",
    standing,
    cold_start: "hold",
    wake_p95_ms: null,
    cause: "",
    ...changes,
  },
});

export const elastic = (name: string, ready: readonly ReadyReplica[] = []): RoutedModel => ({
  id: `mdl_${name}`,
  name,
  created_at: 1,
  ready,
  reason: null,
  endpoint: null,
});

export interface EndpointBed {
  routing: Routing;
  clock: { wall: number; steady: number };
  /** How often the lifecycle was asked to look. */
  signals(): number;
  /** A claim that must succeed, and one that must have to wait. */
  claimed(): Claimed;
  waiting(): Waiting;
}

export function endpointBed(first: RoutedModel, max_waiting = 1_000): EndpointBed {
  const clock = { wall: 0, steady: 0 };
  const times = { now: () => clock.wall, steady: () => clock.steady };
  const routing = createRouting(times, { max_waiting });
  let signals = 0;
  routing.onDemand(() => signals++);
  routing.replace([first]);
  const claim = () => routing.claim(routing.find("endpt-1", owner), nobody);
  return {
    routing,
    clock,
    signals: () => signals,
    claimed() {
      const found = claim();
      if ("wait" in found) throw new Error("It would have to wait.");
      return found;
    },
    waiting() {
      const found = claim();
      if ("wait" in found) return found;
      throw new Error("It need not wait.");
    },
  };
}

/** The failure that CALL throws, or its promise rejects with. */
export async function refusal(call: () => unknown): Promise<Failure> {
  try {
    await call();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error("It was not refused.");
}
