/** The inference side of the appliance: allow-listed paths in, runtimes out. No database, no Elysia. */
import { asFailure, badKey, Failure, notFound } from "../failure.ts";
import { newId } from "../identifier.ts";
import { isOurs, pathOf, type Route, routeOf } from "./allow-list.ts";
import { parseAsk } from "./ask.ts";
import { readBody } from "./body.ts";
import { clientGone, Exchange, type Patience } from "./exchange.ts";
import { Live } from "./live.ts";
import type { Caller, GatewayPorts, Router } from "./ports.ts";
import { relay } from "./relay.ts";
import { scaleUpTimeout } from "./scale-up.ts";
import { createUpstream, type Upstream } from "./upstream/client.ts";

export interface GatewayOptions extends Partial<Patience> {
  max_body_bytes?: number;
  max_answer_bytes?: number;
  max_tries?: number;
  connect_timeout_ms?: number;
  /** A client's connection is closed when nothing moves on it for so long, outside of a request. */
  idle_timeout_s?: number;
  /** How often deadlines are looked at. */
  sweep_ms?: number;
  /** How long a held stream waits for its real status, and how often it hears that it waits on. */
  hold_grace_ms?: number;
  hold_comment_ms?: number;
}

/** The part of Bun's server that the gateway uses: the idle timeout of a request's connection, 0 for none. */
export interface ServerTimeouts {
  timeout(request: Request, seconds: number): void;
}

export interface Gateway {
  /**
   * Answers a request on one of our paths; null for any other path. It never rejects. The server must
   * allow bodies above `max_body_bytes` (`maxRequestBodySize`), or it answers 413 in its own way.
   */
  handle(request: Request, server: ServerTimeouts): Promise<Response> | Response | null;
  /** Ends the open requests of a revoked key; returns how many there were. */
  cut(keyId: string): number;
  /** Whether a connection can be made: null, or in a word what went wrong. */
  knock: Upstream["knock"];
  /** Requests being relayed now. */
  inflight(): number;
  /** Stops the timers and closes idle connections to runtimes. */
  close(): void;
}

export function createGateway(ports: GatewayPorts, options: GatewayOptions = {}): Gateway {
  const patience: Patience = {
    first_byte_timeout_ms: options.first_byte_timeout_ms ?? 300_000,
    inter_token_timeout_ms: options.inter_token_timeout_ms ?? 120_000,
    stalled_client_timeout_ms: options.stalled_client_timeout_ms ?? 120_000,
    total_timeout_ms: options.total_timeout_ms ?? 3_600_000,
    ping_ms: options.ping_ms ?? 15_000,
  };
  const idleTimeoutS = options.idle_timeout_s ?? 30;
  const maxBodyBytes = options.max_body_bytes ?? 32 * 1024 * 1024;
  const live = new Live(options.sweep_ms ?? 250, ports.now);
  const upstream = createUpstream({
    ...(ports.identity && { identity: ports.identity }),
    connect_timeout_ms: options.connect_timeout_ms ?? 3_000,
  });
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
    request: Request,
    server: ServerTimeouts,
    route: Extract<Route, { serves: "generation" }>,
    id: string,
  ): Promise<Response> {
    const arrivedAt = ports.now();
    // Before the body: who may not ask is not read.
    const caller = ports.authenticate(request);
    const scale_up_timeout_s = scaleUpTimeout(request.headers);
    const ask = parseAsk(await readBody(request, maxBodyBytes), route.input, route.endpoint);
    if (request.signal.aborted) throw clientGone();
    // Waiting for a model is not idleness; but lifted for good, the limit would be off for every later
    // request on this connection, and for a client that never reads the end of its answer.
    server.timeout(request, 0);
    const decided = () => server.timeout(request, idleTimeoutS);
    const exchange = new Exchange({ id, arrivedAt, caller, ask, ports, live, patience, decided });
    request.signal.addEventListener("abort", () => exchange.interrupt(clientGone()));
    const accept = request.headers.get("accept") ?? "*/*";
    const path = route.upstream;
    return relay(context, { id, exchange, ask, path, accept, scale_up_timeout_s, hold: null });
  }

  async function answer(request: Request, server: ServerTimeouts, path: string): Promise<Response> {
    const id = newId("req");
    try {
      const route = routeOf(path);
      if (!route)
        throw notFound("This path does not exist here. See the documentation of the API.");
      if (request.method !== route.method) throw wrongMethod(route.method);
      if (route.serves === "generation") return await generate(request, server, route, id);
      const caller = ports.authenticate(request);
      return Response.json(describeModels(ports.router, route, caller), {
        headers: { "x-request-id": id },
      });
    } catch (error) {
      if (!(error instanceof Failure)) ports.report(error);
      return asFailure(error).toResponse(id);
    }
  }

  return {
    handle(request, server) {
      const path = pathOf(request.url);
      return isOurs(path) ? answer(request, server, path) : null;
    },
    cut: (keyId) => live.cut(keyId, badKey()),
    knock: upstream.knock,
    inflight: () => live.count,
    close() {
      live.close();
      upstream.close();
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
