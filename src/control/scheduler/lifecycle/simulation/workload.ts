import type { Endpoint } from "../../../models/endpoints/endpoint.ts";
import type { EndpointSpec } from "../../../models/endpoints/spec.ts";
import type { Runtime } from "../../../models/resolution/artifact.ts";
import { modelFrom } from "../../sizing/model.ts";
import type { Demand } from "../dedicated/situation.ts";
import type { EventQueue } from "./event-queue.ts";
import type { Random } from "./random.ts";

export interface WorkloadDeps {
  agenda: EventQueue;
  random: Random;
  /** They change rows as the API does: durable before it is answered. */
  endpoints: Map<string, Endpoint>;
  until: number;
  now(): number;
  trigger(): void;
}

interface Clients {
  inflight: number;
  waiting: number;
  last_active_at: number;
}

const minute_ms = 60_000;

export class Workload {
  readonly #parts: WorkloadDeps;
  readonly #clients = new Map<string, Clients>();
  #names = 0;

  constructor(parts: WorkloadDeps) {
    this.#parts = parts;
  }

  begin(): void {
    for (let count = this.#parts.random.whole(1, 5); count > 0; count--) this.#provision();
    this.#every(90, () => this.#provision());
    this.#every(40, () => this.#change());
    this.#every(4, () => this.#request());
  }

  demandOf(id: string): Demand {
    return this.#clients.get(id) ?? { inflight: 0, waiting: 0, last_active_at: 0 };
  }

  /** The control plane is gone, and every request with it. */
  disconnected(): void {
    this.#clients.clear();
  }

  #every(minutes: number, act: () => void): void {
    const { agenda, random, until } = this.#parts;
    agenda.after(-Math.log(1 - random.next()) * minutes * minute_ms, () => {
      if (agenda.now >= until) return;
      act();
      this.#every(minutes, act);
    });
  }

  #provision(): void {
    const { random, endpoints } = this.#parts;
    if (endpoints.size >= 8) return;
    const id = `endpt-${this.#names++}`;
    const runtime = random.chance(0.7) ? "vllm" : "llama-server";
    endpoints.set(id, newEndpoint(id, this.#spec(), runtime, this.#parts.now()));
    this.#parts.trigger();
  }

  #spec(): EndpointSpec {
    const { random } = this.#parts;
    const min_replicas = random.chance(0.7) ? 0 : 1;
    return {
      model: "m",
      revision: null,
      task: null,
      runtime: "llama-server" as const,
      gpu: { type: null, count: null },
      context: 4096,
      concurrency: random.whole(1, 4),
      min_replicas,
      max_replicas: random.whole(1, 3),
      idle_timeout_s: random.chance(0.1) ? null : random.whole(30, 1800),
      l1_timeout_s: random.pick([0, 60, 1800, null] as const) ?? null,

      cold_start: "hold" as const,
      labels: {},
      env: {},
      args: [],
      visibility: "team" as const,
    };
  }

  /** Somebody presses a button. */
  #change(): void {
    const { random, endpoints, now, trigger } = this.#parts;
    const endpoint = random.pick([...endpoints.values()]);
    if (!endpoint || endpoint.standing.intent === "delete") return;
    const intent = random.pick(["run", "sleep", "pause", "delete", "update", "run"] as const);
    if (intent === "update") endpoints.set(endpoint.id, revised(endpoint, now()));
    else if (intent) {
      const wake_asked_at = intent === "run" ? now() : null;
      const standing = { ...endpoint.standing, intent, wake_asked_at };
      endpoints.set(endpoint.id, { ...endpoint, standing });
    }
    trigger();
  }

  /** A few requests to one endpoint. They wait where they must, and the impatient leave. */
  #request(): void {
    const { random, endpoints, agenda, trigger } = this.#parts;
    const endpoint = random.pick([...endpoints.values()]);
    if (!endpoint) return;
    const clients = this.#clients.get(endpoint.id) ?? { ...this.demandOf("") };
    this.#clients.set(endpoint.id, clients);
    const many = random.whole(1, 12);
    clients.waiting += many;
    const left_at = agenda.now + random.between(10, 600) * 1000;
    const look = (): void => {
      if (this.#clients.get(endpoint.id) !== clients) return;
      const status = endpoints.get(endpoint.id)?.standing.status;
      if (status === "up" || status === "updating") this.#serve(clients, many);
      else if (agenda.now >= left_at || !isHopeful(status)) clients.waiting -= many;
      else agenda.after(5000, look);
    };
    trigger();
    agenda.after(1, look);
  }

  #serve(clients: Clients, many: number): void {
    const { agenda, random, now, trigger } = this.#parts;
    clients.waiting -= many;
    clients.inflight += many;
    agenda.after(random.between(1, 240) * 1000, () => {
      clients.inflight -= many;
      clients.last_active_at = now();
      trigger();
    });
  }
}

const isHopeful = (status: string | undefined): boolean =>
  status !== undefined && /^(?:building|sleeping|waking_up)$/.test(status);

function revised(endpoint: Endpoint, now: number): Endpoint {
  const { spec, artifact, revision, standing } = endpoint;
  const previous = endpoint.previous ?? { spec, artifact, revision };
  const wake_asked_at = standing.status === "failed" ? now : standing.wake_asked_at;
  const intent = standing.status === "failed" ? ("run" as const) : standing.intent;
  return {
    ...endpoint,
    previous,
    revision: revision + 1,
    standing: { ...standing, intent, wake_asked_at },
  };
}

function newEndpoint(id: string, spec: EndpointSpec, runtime: Runtime, now: number): Endpoint {
  return {
    id,
    name: id,
    user_id: "usr_1",
    spec,
    revision: 1,
    previous: null,
    created_at: now,
    // Whatever its size, vLLM takes whole GPUs; llama-server takes a gibibyte of what nothing is said of.
    artifact: {
      runtime,
      source: `hf:org/${id}`,
      context_tokens: 4096,
      model: runtime === "vllm" ? modelFrom({ name: "org/model-3B" }) : null,
    },
    standing: {
      status: "building",
      since: now,
      intent: "run",
      cause: "",
      detail: "",
      log_tail: [],
      target: Math.max(1, spec.min_replicas),
      last_active_at: 0,
      wake_asked_at: null,
      unready_since: null,
      depth: "stopped",
    },
  };
}
