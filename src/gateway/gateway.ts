/** The inference side of the appliance: allow-listed paths in, runtimes out. No database, no Elysia. */
import { asFailure, badKey, Failure, notFound } from "../shared/failure.ts";
import type { Answer } from "../shared/http1/answer.ts";
import type { ServerRequest } from "../shared/http1/incoming.ts";
import { newRequestId } from "../shared/identifier.ts";
import { promptTokens, reservedTokens } from "./pieces/pieces.ts";
import type {
  Asked,
  AskRuntime,
  Caller,
  GatewayPorts,
  Replica,
  Router,
  Uncounted,
} from "./ports.ts";
import { UpstreamSelection } from "./proxy/choice.ts";
import { clientGone, Exchange } from "./proxy/exchange.ts";
import { InflightRegistry } from "./proxy/inflight.ts";
import { refusalFor } from "./proxy/refusal.ts";
import { relay } from "./proxy/relay.ts";
import { defaultTimeouts, type Timeouts } from "./proxy/timeouts.ts";
import { isOurs, type Route, routeOf } from "./request/allow-list.ts";
import type { ParsedRequest } from "./request/parsed-request.ts";
import { readRequest } from "./request/read-request.ts";
import { scaleUpTimeout } from "./request/scale-up.ts";
import { createUpstream, type Upstream } from "./upstream/client.ts";
import type { Address } from "./upstream/request.ts";
import { wholeAnswer } from "./upstream/whole.ts";

export interface GatewayOptions extends Partial<Timeouts> {
  max_body_bytes?: number;
  /** For what is uploaded as a form. */
  max_upload_bytes?: number;
  max_answer_bytes?: number;
  max_tries?: number;
  connect_timeout_ms?: number;
  /** How often deadlines are looked at. */
  sweep_ms?: number;
  /** How long a held stream waits for its real status, and how often it hears that it waits on. */
  hold_grace_ms?: number;
  hold_comment_ms?: number;
}

export interface Gateway {
  /** Answers a request on one of our paths; null for any other path. It never rejects. */
  handle(request: ServerRequest): Promise<Answer> | null;
  /** Ends the open requests of those who may ask no more; returns how many there were. */
  cut(whose: (caller: Caller) => boolean): number;
  /** Breaks every connection to the runtimes of a host: it was removed. */
  cutHost(host_id: string): void;
  /** Whether a connection can be made: null, or in a word what went wrong. */
  probe: Upstream["probe"];
  /** What a runtime says of itself at PATH. Rejects when it cannot be had. */
  read(address: Address, path: string, signal: AbortSignal): Promise<string>;
  /** Requests being relayed now. */
  inflight(): number;
  /** Stops the timers and closes idle connections to runtimes. */
  close(): void;
}

const jsonHeaders = [["content-type", "application/json"]] as const;

export function createGateway(ports: GatewayPorts, options: GatewayOptions = {}): Gateway {
  const patience: Timeouts = { ...defaultTimeouts, ...options };
  const most = {
    body_bytes: options.max_body_bytes ?? 32 * 1024 * 1024,
    upload_bytes: options.max_upload_bytes ?? 128 * 1024 * 1024,
  };
  const live = new InflightRegistry(options.sweep_ms ?? 250, ports.now);
  const upstream = createUpstream({
    ...(ports.identity && { identity: ports.identity }),
    ...(ports.machines && { machines: ports.machines }),
    connect_timeout_ms: options.connect_timeout_ms ?? 3_000,
  });
  const around = {
    ports,
    inflight: live,
    timeouts: patience,
    async recount(replica: Replica, request: Uncounted) {
      const ask: AskRuntime = async (path, body, signal) => {
        const text = JSON.stringify(body);
        const asked = { method: "POST", path, headers: jsonHeaders, body: text } as const;
        const answer = await wholeAnswer(upstream, replica, asked, signal);
        if (answer.status !== 200) throw new Error("The runtime would not count.");
        return JSON.parse(answer.text);
      };
      return (await ports.recount?.(ask, request)) ?? null;
    },
  };
  const context = {
    upstream,
    router: ports.router,
    max_answer_bytes: options.max_answer_bytes ?? 64 * 1024 * 1024,
    max_tries: options.max_tries ?? 3,
    grace_ms: options.hold_grace_ms ?? 300,
    comment_ms: options.hold_comment_ms ?? 5_000,
    now: ports.now,
    report: ports.report,
  };

  async function generate(
    request: ServerRequest,
    route: Extract<Route, { serves: "generation" }>,
    id: string,
  ): Promise<Answer> {
    const arrivedAt = ports.now();
    // Before the body: who may not ask is not read.
    const caller = ports.authenticate(request);
    const scale_up_timeout_s = scaleUpTimeout(request.headers);
    const reading = readRequest(request, route, most);
    const ask = reading instanceof Promise ? await reading : reading;
    const sticky = stickyOf(request, ask.body);
    const choice = new UpstreamSelection({ parsed: ask, caller, sticky }, ports.router);
    const admission = ports.limits.admit(caller, askedBy(ask, choice, ports.costOf));
    const exchange = new Exchange(
      { id, arrivedAt, caller, parsed: ask, choice, admission },
      around,
    );
    request.onGone(() => exchange.interrupt(clientGone()));
    const accept = request.headers.get("accept") ?? "*/*";
    return relay(context, { id, exchange, parsed: ask, accept, scale_up_timeout_s, hold: null });
  }

  async function answer(request: ServerRequest): Promise<Answer> {
    const id = newRequestId(Date.now());
    const route = routeOf(request.path);
    try {
      if (!route)
        throw notFound("This path does not exist here. See the documentation of the API.");
      if (request.method !== route.method) throw wrongMethod(route.method);
      if (route.serves === "generation") return await generate(request, route, id);
      const caller = ports.authenticate(request);
      return {
        status: 200,
        headers: { "content-type": "application/json", "x-request-id": id },
        body: JSON.stringify(describeModels(ports.router, route, caller)),
      };
    } catch (error) {
      if (!(error instanceof Failure)) ports.report(error);
      return refusalFor(route?.serves === "generation" ? route.kind : null, asFailure(error), id);
    }
  }

  return {
    handle: (request) => (isOurs(request.path) ? answer(request) : null),
    cut: (whose) => live.cut(whose, badKey()),
    cutHost: (host_id) => upstream.cut((address) => address.host_id === host_id),
    probe: upstream.probe,
    async read(address, path, signal) {
      const asked = { method: "GET", path, headers: [], body: "" } as const;
      const { status, text } = await wholeAnswer(upstream, address, asked, signal);
      if (status !== 200) throw new Error(`The runtime answered ${status} at ${path}.`);
      return text;
    },
    inflight: () => live.count,
    close() {
      live.close();
      upstream.close();
    },
  };
}

/** What a client wants its requests kept together by; OpenAI's own word for it is in the body. */
function stickyOf(request: ServerRequest, body: Readonly<Record<string, unknown>>): string | null {
  const header = request.headers.get("x-session-id");
  if (header !== null) return header;
  const key = body["prompt_cache_key"];
  return typeof key === "string" && key !== "" ? key : null;
}

function askedBy(
  { kind, body, text, pieces }: ParsedRequest,
  choice: UpstreamSelection,
  costOf: GatewayPorts["costOf"],
): Asked {
  const tokens = promptTokens(body, text.length);
  const most_tokens = reservedTokens(kind, body, pieces);
  const counts = { prompt_tokens: tokens, completion_tokens: most_tokens, cached_tokens: 0 };
  return {
    tokens,
    pieces,
    most_tokens,
    cost() {
      const target = choice.find();
      return target ? costOf(target, counts) : 0;
    },
  };
}

function wrongMethod(allowed: string): Failure {
  const text = `This path answers ${allowed} only.`;
  return new Failure(405, text, { code: "method_not_allowed", headers: { allow: allowed } });
}

type ModelsRoute = Extract<Route, { serves: "models" | "model" }>;

function describeModels(router: Router, route: ModelsRoute, caller: Caller): object {
  if (route.serves === "model") {
    return modelObject(route.name, router.find(route.name, caller).created_at);
  }
  const { endpoint } = route;
  const data =
    endpoint === null
      ? router.models(caller).map(({ name, created_at }) => modelObject(name, created_at))
      : [modelObject(endpoint, router.findEndpoint(endpoint, caller).created_at)];
  return { object: "list", data };
}

const modelObject = (id: string, created_at: number) => ({
  id,
  object: "model",
  created: Math.floor(created_at / 1000),
  owned_by: "hypervize",
});
