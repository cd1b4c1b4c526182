/** For tests: a gateway behind a real server, in front of runtimes on real sockets. */
import type { Role } from "../shared/access.ts";
import { badKey, missingKey } from "../shared/failure.ts";
import { refusal } from "../shared/http1/refusal.ts";
import { serveHttp } from "../shared/http1/server.ts";
import { createGateway, type Gateway, type GatewayOptions } from "./gateway.ts";
import type { Limits, RequestMetrics, UsageRow } from "./ports.ts";
import {
  createRouting,
  type ReadyReplica,
  type RoutedEndpoint,
  type RoutedModel,
  type Routing,
} from "./routing/routing.ts";

interface Setup {
  /** Ports of the replicas of the model "demo". */
  ports: number[];
  options?: GatewayOptions;
  /** There from the beginning, beside the model "demo". */
  models?: RoutedModel[];
  /** Nothing limits anybody without it. */
  limits?: Limits;
  /** The clock for durations; the machine's own without it. */
  now?: () => number;
  /** The clock on the wall; the machine's own without it. */
  wall?: () => number;
  /** Called with each row before it counts as committed. */
  commit?: (row: UsageRow) => Promise<void>;
}

export interface GatewayUnderTest {
  url: string;
  gateway: Gateway;
  routing: Routing;
  /** What was reported to the operator. */
  reports: unknown[];
  measured: RequestMetrics[];
  /** MODELS, beside "demo", are what there is from now on. */
  publish(...models: RoutedModel[]): void;
  /** The rows so far, as soon as there are COUNT. */
  rows(count: number): Promise<UsageRow[]>;
  post(body: unknown, init?: RequestInit): Promise<Response>;
  stop(): Promise<void>;
}

const keys = new Map<string, { id: string; user_id: string; role: Role }>([
  ["hv_first", { id: "key_1", user_id: "usr_1", role: "member" }],
  ["hv_second", { id: "key_2", user_id: "usr_2", role: "member" }],
  ["hv_viewer", { id: "key_3", user_id: "usr_3", role: "viewer" }],
  ["hv_admin", { id: "key_4", user_id: "usr_4", role: "admin" }],
]);

export function gatewayUnderTest(setup: Setup): GatewayUnderTest {
  const now = setup.now ?? (() => performance.now());
  const routing = createRouting({ now: Date.now, steady: now });
  const ready = setup.ports.map((port, index) => readyReplica(`rep_${index + 1}`, port));
  const demo = elastic("demo", 1_700_000_000_000, ready, null);
  const sleeper = elastic("org/sleeper", 0, [], "It is being loaded.");
  const publish = (...models: RoutedModel[]) => routing.replace([demo, sleeper, ...models]);
  publish(...(setup.models ?? []));
  const measured: RequestMetrics[] = [];
  const rows = rowLog();
  const reports: unknown[] = [];
  const gateway = createGateway(
    {
      authenticate(request) {
        const header = request.headers.get("authorization");
        if (header === null) throw missingKey();
        const key = header.replace("Bearer ", "");
        const found = keys.get(key);
        if (found === undefined) throw badKey();
        const { id: key_id, user_id, role } = found;
        const key_prefix = key.slice(0, 6);
        return {
          user: `${user_id}@example.org`,
          user_id,
          team: null,
          key_id,
          key_prefix,
          role,
          models: null,
        };
      },
      router: routing,
      limits: setup.limits ?? { admit: () => null },
      costOf: () => 0,
      usage: {
        async record(row) {
          await setup.commit?.(row);
          rows.add(row);
        },
        amend: () => undefined,
      },
      measured: (measurement) => measured.push(measurement),
      now,
      wall: setup.wall ?? Date.now,
      report: (error) => reports.push(error),
    },
    { sweep_ms: 5, ...setup.options },
  );
  const server = serveHttp({
    hostname: "127.0.0.1",
    port: 0,
    handle: (request) =>
      gateway.handle(request) ?? { status: 418, headers: {}, body: "not the gateway's" },
    refuse: refusal,
  });
  const url = `http://127.0.0.1:${server.port}`;
  return {
    url,
    gateway,
    routing,
    reports,
    measured,
    publish,
    rows: rows.atLeast,
    post: (body, init = {}) =>
      fetch(`${url}/v1/chat/completions`, {
        method: "POST",
        headers: { authorization: "Bearer hv_first", "content-type": "application/json" },
        body: typeof body === "string" ? body : JSON.stringify(body),
        ...init,
      }),
    async stop() {
      gateway.close();
      await server.close(0);
    },
  };
}

export const readyReplica = (id: string, port: number): ReadyReplica => ({
  id,
  host: "127.0.0.1",
  port,
  runtime: "llama-server",
  model: "demo",
  slots: 4,
});

const elastic = (
  name: string,
  created_at: number,
  ready: ReadyReplica[],
  reason: string | null,
): RoutedModel => ({ id: `mdl_${name}`, name, created_at, ready, reason, endpoint: null });

/** The endpoint endpt-1 called "mine", of the user of hv_first; private unless CHANGES say otherwise. */
export const dedicated = (
  standing: RoutedEndpoint["standing"],
  ready: ReadyReplica[] = [],
  changes: Partial<RoutedEndpoint> = {},
): RoutedModel => ({
  id: "endpt-1",
  name: "mine",
  created_at: 1_700_000_000_000,
  ready,
  reason: null,
  endpoint: {
    owner: "usr_1",
    visibility: "private",
    standing,
    cold_start: "hold",
    wake_p95_ms: null,
    cause: "",
    ...changes,
  },
});

function rowLog() {
  const rows: UsageRow[] = [];
  let waiting: { count: number; resolve: (rows: UsageRow[]) => void }[] = [];
  return {
    add(row: UsageRow) {
      rows.push(row);
      for (const { count, resolve } of waiting) if (rows.length >= count) resolve(rows);
      waiting = waiting.filter(({ count }) => rows.length < count);
    },
    atLeast(count: number): Promise<UsageRow[]> {
      if (rows.length >= count) return Promise.resolve(rows);
      return new Promise((resolve) => waiting.push({ count, resolve }));
    },
  };
}

export const hello = { model: "demo", messages: [{ role: "user", content: "hi" }] };

/** A whole answer: of a chat, and of a completion. */
export const said = {
  choices: [
    {
      index: 0,
      text: "Hi.",
      message: { role: "assistant", content: "Hi." },
      finish_reason: "stop",
    },
  ],
  usage: { prompt_tokens: 3, completion_tokens: 2 },
};

const frame = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;

/** Frames as a runtime sends them. */
export const frames = {
  role: frame({
    choices: [{ index: 0, delta: { role: "assistant", content: null }, finish_reason: null }],
  }),
  word: (content: string) =>
    frame({ choices: [{ index: 0, delta: { content }, finish_reason: null }] }),
  stop: frame({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }),
  usage: frame({
    choices: [],
    usage: { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 },
  }),
  error: frame({ error: { message: "canary", type: "BadRequestError", code: 400 } }),
  done: "data: [DONE]\n\n",
};
