import { describe, expect, test } from "bun:test";
import { modelFrom } from "../sizing/model.ts";
import {
  endpointWith,
  gpuWith,
  hostWith,
  inventoryWith,
  observedWith,
  rowWith,
} from "./lifecycle.testbed.ts";
import { pass } from "./pass.ts";
import type { FleetHost, ReplicaRow, World } from "./world.ts";

const gib = 2 ** 30;
const whole = 22 * gib;
const model = modelFrom({ name: "org/model-3B" });
const artifact = { runtime: "vllm" as const, source: "hf:a/b", context_tokens: 4096, model };
const endpoint = (id: string, standing = {}, changes = {}) =>
  endpointWith(standing, { l1_timeout_s: 3600 }, { id, name: id, artifact, ...changes });
const row = (id: string, owner_id: string, changes: Partial<ReplicaRow> = {}) =>
  rowWith({ id, owner_id, devices: ["g0"], bytes_per_device: whole, ...changes });
const asleepRow = (id: string, owner_id: string) => row(id, owner_id, { asleep_bytes: 8 * gib });

interface Seen {
  waiting?: string;
  host?: Partial<FleetHost>;
  memory_bytes?: number;
}

function played(
  endpoints: World["endpoints"],
  rows: readonly ReplicaRow[],
  states: Record<string, Parameters<typeof observedWith>[0]>,
  { waiting, host, memory_bytes = 64 * gib }: Seen = {},
) {
  const inventory = {
    ...inventoryWith("host_a", [gpuWith({ vram_bytes: whole })]),
    memory_bytes,
    runtimes: [{ name: "vllm", version: "1", path: "/r" }],
  };
  const replicas = Object.entries(states).map(([id, seen]) => observedWith({ id, ...seen }));
  const observed = { generation: 9, replicas, sources: ["hf:a/b"] };
  return pass(
    {
      now: 1e6,
      rows,
      models: [],
      endpoints,
      ttftOf: () => null,
      inflightOf: () => 0,
      hosts: [hostWith("host_a", { inventory, observed, ...host })],
      demandOf: (id) => ({ inflight: 0, waiting: Number(id === waiting), last_active_at: 0 }),
      fitOf: () => null,
    },
    { now: 1e6, placing_timeout_ms: 1_800_000, unready_timeout_ms: 300_000 },
    new Map(),
  );
}

const up = { status: "up", since: 0, intent: "sleep" } as const;
const sleeping = { status: "sleeping", since: 999_000, depth: "l1" } as const;
const asleep = { state: "asleep", gpu_memory_bytes: gib } as const;

describe("host memory to sleep in", () => {
  test("is the host's memory for the weights, reserved before it sleeps", () => {
    const plan = played([endpoint("a", up)], [row("r1", "a")], { r1: {} });
    expect(plan.unwanted).toEqual([]);
    const [intent] = plan.sleep_intents;
    expect(intent?.id).toBe("r1");
    expect(intent?.asleep_bytes).toBeGreaterThan(model.weights_bytes);
  });

  test("that the host has not makes it stop", () => {
    const plan = played([endpoint("a", up)], [row("r1", "a")], { r1: {} }, { memory_bytes: gib });
    expect(plan).toMatchObject({ sleep_intents: [], unwanted: ["r1"] });
    expect(plan.changes[0]?.standing?.depth).toBe("stopped");
  });

  test("is not given twice in one pass", () => {
    const plan = played(
      [endpoint("a", up), endpoint("b", up)],
      [row("r1", "a"), row("r2", "b", { devices: ["g1"] })],
      { r1: {}, r2: {} },
      { memory_bytes: 14 * gib },
    );
    expect(plan).toMatchObject({ sleep_intents: [{ id: "r1" }], unwanted: ["r2"] });
  });
});

describe("a GPU on which one sleeps", () => {
  const building = endpoint("b", { status: "building", since: 999_000 });

  test("takes another engine, which needs nine tenths of it", () => {
    const plan = played([endpoint("a", sleeping), building], [asleepRow("r1", "a")], {
      r1: asleep,
    });
    expect(plan.add).toMatchObject([{ owner_id: "b", devices: ["g0"] }]);
    expect(plan.unwanted).toEqual([]);
  });

  test.each([
    ["keeps more than a twentieth", { state: "asleep", gpu_memory_bytes: 2 * gib }],
    ["has not fallen asleep yet", { state: "falling_asleep" }],
  ] as const)("takes none while the sleeper %s", (_, seen) => {
    const plan = played([endpoint("a", sleeping), building], [asleepRow("r1", "a")], { r1: seen });
    expect(plan.add).toEqual([]);
  });

  test("is its own again when a request wakes it", () => {
    const rows = [asleepRow("r1", "a")];
    const plan = played([endpoint("a", sleeping)], rows, { r1: asleep }, { waiting: "a" });
    expect(plan).toMatchObject({ sleep_intents: [{ id: "r1", asleep_bytes: null }], add: [] });
  });

  test("on which another serves now makes the sleeper stop and look for a place", () => {
    const rows = [asleepRow("r1", "a"), row("r2", "b")];
    const serving = endpoint("b", { status: "up", since: 999_999 });
    const plan = played(
      [endpoint("a", sleeping), serving],
      rows,
      { r1: asleep, r2: {} },
      { waiting: "a" },
    );
    expect(plan).toMatchObject({ sleep_intents: [], unwanted: ["r1"], add: [] });
    const change = plan.changes.find(({ endpoint_id }) => endpoint_id === "a");
    expect(change?.standing).toMatchObject({ status: "waking_up", depth: "stopped" });
  });

  test("of a host that is silent is not waited for", () => {
    const rows = [asleepRow("r1", "a")];
    const seen = { waiting: "a", host: { down_for_ms: 5000 } };
    const plan = played([endpoint("a", sleeping)], rows, { r1: asleep }, seen);
    expect(plan).toMatchObject({ sleep_intents: [], unwanted: ["r1"] });
  });
});

describe("below l1", () => {
  const depth = (standing: object, host: Partial<FleetHost>) =>
    played([endpoint("a", { status: "sleeping", depth: "stopped", ...standing })], [], {}, { host })
      .changes[0]?.standing?.depth ?? "unchanged";
  const observed = (sources: string[]) => ({ generation: 9, replicas: [], sources });

  test("weights on no disk make it evicted, and on one again stopped", () => {
    expect(depth({}, { observed: observed([]) })).toBe("evicted");
    expect(depth({ depth: "evicted" }, { observed: observed(["hf:a/b"]) })).toBe("stopped");
  });

  test("a host that does not say leaves it as it is", () => {
    expect(depth({}, { observed: null })).toBe("unchanged");
    expect(depth({}, { observed: observed([]), down_for_ms: 1 })).toBe("unchanged");
  });
});
