/** For tests: a gateway behind a real server, in front of runtimes on real sockets. */
import { badKey, missingKey } from "../failure.ts";
import { createRouting, type Routing } from "../routing/routing.ts";
import { createGateway, type Gateway, type GatewayOptions } from "./gateway.ts";
import type { UsageRow } from "./ports.ts";

interface Setup {
  /** Ports of the replicas of the model "demo". */
  ports: number[];
  options?: GatewayOptions;
  /** Called with each row before it counts as committed. */
  commit?: (row: UsageRow) => Promise<void>;
}

export interface GatewayUnderTest {
  url: string;
  gateway: Gateway;
  routing: Routing;
  /** What was reported to the operator. */
  reports: unknown[];
  /** The rows so far, as soon as there are COUNT. */
  rows(count: number): Promise<UsageRow[]>;
  post(body: unknown, init?: RequestInit): Promise<Response>;
  stop(): Promise<void>;
}

const keys = new Map([
  ["hv_first", "key_1"],
  ["hv_second", "key_2"],
]);

export function gatewayUnderTest(setup: Setup): GatewayUnderTest {
  const now = () => performance.timeOrigin + performance.now();
  const routing = createRouting(now);
  const ready = setup.ports.map((port, index) => ({
    id: `rep_${index + 1}`,
    host: "127.0.0.1",
    port,
    model: "demo",
    slots: 4,
  }));
  routing.replace([
    { name: "demo", created_at: 1_700_000_000_000, ready, reason: null },
    { name: "org/sleeper", created_at: 0, ready: [], reason: "It is being loaded." },
  ]);
  const rows = rowLog();
  const reports: unknown[] = [];
  const gateway = createGateway(
    {
      authenticate(request) {
        const header = request.headers.get("authorization");
        if (header === null) throw missingKey();
        const key = header.replace("Bearer ", "");
        const keyId = keys.get(key);
        if (keyId === undefined) throw badKey();
        return { user: "usr_1", key_id: keyId, key_prefix: key.slice(0, 6), role: "member" };
      },
      router: routing,
      usage: {
        async record(row) {
          await setup.commit?.(row);
          rows.add(row);
        },
      },
      now,
      report: (error) => reports.push(error),
    },
    { sweep_ms: 5, ...setup.options },
  );
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    fetch: (request, it) =>
      gateway.handle(request, it) ?? new Response("not the gateway's", { status: 418 }),
  });
  const url = `http://127.0.0.1:${server.port}`;
  return {
    url,
    gateway,
    routing,
    reports,
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
      await server.stop(true);
    },
  };
}

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
