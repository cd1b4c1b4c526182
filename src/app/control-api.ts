/**
 * The control API as one function from request to response: mounts the routes that composition
 * gives it, and turns whatever they throw into the error envelope.
 */
import { type AnyElysia, Elysia, type ValidationError } from "elysia";
import { about, told } from "../control/route-schema.ts";
import type { Durable } from "../control/storage/durable.ts";
import { asFailure, badRequest, Failure, notFound } from "../shared/failure.ts";
import { newId } from "../shared/identifier.ts";
import { invalid } from "./invalid.ts";
import { type ApiDocument, documentOf } from "./openapi.ts";

export type { KeyScope } from "../control/accounts/keys/keys.ts";
export type { KeyBody, KeyChanges, ShownKey as KeyView } from "../control/accounts/keys/routes.ts";
export type { TeamBody, TeamChanges, TeamView } from "../control/accounts/teams/routes.ts";
export type { LoginBody, SignedIn } from "../control/accounts/users/auth-routes.ts";
export type {
  ShownUser as UserView,
  UserBody,
  UserChanges,
} from "../control/accounts/users/routes.ts";
export type { HostReplica, HostView, JoinTokenBody } from "../control/fleet/routes.ts";
export type { AliasView } from "../control/models/aliases/alias.ts";
export type { AliasBody, AliasChanges } from "../control/models/aliases/routes.ts";
export type { ModelList, ModelView, OpenAIModel } from "../control/models/catalog/listing.ts";
export type { ModelBody, ModelChanges } from "../control/models/catalog/routes.ts";
export type { EndpointEvent } from "../control/models/endpoints/endpoint-rows.ts";
export type {
  Changes as EndpointChanges,
  Provision,
} from "../control/models/endpoints/provision.ts";
export type { Series } from "../control/models/endpoints/route-deps.ts";
export type { EndpointView } from "../control/models/endpoints/view.ts";
export type { ProviderView } from "../control/models/providers/provider.ts";
export type { ProviderBody, ProviderChanges } from "../control/models/providers/routes.ts";
export type { DryRunView } from "../control/models/resolution/forecast.ts";
export type { AlertView } from "../control/observability/alerts/routes.ts";
export type { NotificationView } from "../control/observability/notify/outbox-routes.ts";
export type { Sizing } from "../control/scheduler/sizing/plan.ts";
export type { SettingsBody, SettingsView } from "../control/settings/groups.ts";
export type { UsagePage } from "../control/usage/events.ts";
export type { Price } from "../control/usage/prices/prices.ts";
export type { PriceBody } from "../control/usage/prices/routes.ts";
export type { DriftView } from "../control/usage/reconciliation/checks.ts";
export type { UsageBy, UsageGroup, UsageSummary } from "../control/usage/rollup.ts";
export type { UsageRow } from "../control/usage/usage-row.ts";
export type { Role } from "../shared/access.ts";
export type { Status } from "../shared/endpoint-status.ts";

export interface HttpParts {
  /** One instance per domain. */
  routes: readonly AnyElysia[];
  version: string;
  /** Throws for a request that may not read what the API is: anybody with a key or a session may. */
  mayRead(request: Request): void;
  /** Milliseconds, never going back: for how long it is up. */
  now(): number;
  /** Nothing that was asked to change something is answered before this. */
  durable: Durable;
  /** One line for the operator. */
  log(line: string): void;
}

export interface Http {
  /** Never rejects. Every response has an `x-request-id`. */
  handle(request: Request): Promise<Response>;
  /** What `/api/openapi.json` says. */
  document(): ApiDocument;
}

const body_max_bytes = 1024 * 1024;

export function createHttp({ routes, version, mayRead, now, durable, log }: HttpParts): Http {
  const started_at = now();
  const ids = new WeakMap<Request, string>();
  // Not normalised: an unknown field is refused, not dropped in silence. Without standardHostname:
  // false, Elysia looks for the path at the 11th character and misses it behind a host like `gpu`.
  const app = new Elysia({ normalize: false, handler: { standardHostname: false } }).onError(
    ({ error, code, request }) => {
      const id = ids.get(request) ?? newId("req");
      const failure = failureFor(error, code, request);
      if (failure.status >= 500)
        log(`${id} ${request.method} ${pathOf(request)}: ${causeOf(failure)}`);
      return failure.toResponse(id);
    },
  );
  for (const instance of routes) app.use(instance);
  let document: ApiDocument | undefined;
  const documented = (): ApiDocument => {
    document ??= documentOf(app, version);
    return document;
  };
  app.use(
    new Elysia(about("Appliance", "inference")).get(
      "/api/openapi.json",
      ({ request }) => {
        mayRead(request);
        return documented();
      },
      told("Describe every route, as OpenAPI: this document."),
    ),
  );

  /** Without Elysia, which compiles its routes at the first request: a probe should not wait for that. */
  const health = (): Response =>
    Response.json({ status: "ok", version, uptime_s: Math.floor((now() - started_at) / 1000) });

  /** Whatever may have changed something is on the disk before it is answered, by method: no route can forget it. */
  async function settled(request: Request, response: Response, id: string): Promise<Response> {
    if (request.method === "GET" || request.method === "HEAD") return response;
    try {
      await durable();
      return response;
    } catch (cause) {
      log(`${id} ${request.method} ${pathOf(request)}: not on the disk: ${String(cause)}`);
      return unsure(cause).toResponse(id);
    }
  }

  return {
    document: documented,
    async handle(request) {
      const id = newId("req");
      ids.set(request, id);
      const response = isHealth(request)
        ? health()
        : (bodyRefusal(request)?.toResponse(id) ??
          (await settled(request, await app.handle(request), id)));
      response.headers.set("x-request-id", id);
      if (!response.headers.has("cache-control")) response.headers.set("cache-control", "no-store");
      return response;
    },
  };
}

function isHealth(request: Request): boolean {
  return request.method === "GET" && pathOf(request) === "/api/health";
}

/** Before a byte of the body is read, so it can only go by what the sender declares. */
function bodyRefusal(request: Request): Failure | undefined {
  const type = request.headers.get("content-type");
  // Elysia would also take forms, which a page of another site can send without asking first.
  if (type !== null && !/^application\/json\s*(;|$)/i.test(type)) {
    return new Failure(415, "Send JSON with the header `content-type: application/json`.", {
      code: "unsupported_media_type",
    });
  }
  if (Number(request.headers.get("content-length")) > body_max_bytes) {
    return new Failure(413, "The body is larger than 1 MiB. Send less.", {
      code: "request_too_large",
    });
  }
  if (request.headers.has("transfer-encoding")) {
    return new Failure(411, "Send the body in one piece, with the header content-length.", {
      code: "length_required",
    });
  }
  return undefined;
}

function failureFor(error: unknown, code: unknown, request: Request): Failure {
  switch (code) {
    case "NOT_FOUND":
      return notFound(`There is no ${request.method} ${pathOf(request)} here.`);
    case "PARSE":
      return badRequest("The body is not valid JSON.");
    case "VALIDATION":
      return invalid(error as ValidationError);
    default:
      return storageFailure(error) ?? asFailure(error);
  }
}

/** SQLite's own words for "nothing was written" (sqlite.org/rescode.html). */
function storageFailure(error: unknown): Failure | undefined {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (!/^SQLITE_(FULL|IOERR|READONLY|BUSY|CANTOPEN)/.test(code)) return undefined;
  return new Failure(
    503,
    "Nothing was saved, because the appliance cannot write to its disk. Free some space there and try again.",
    { code: "storage_unavailable", cause: error },
  );
}

/** It holds for as long as the process runs. */
const unsure = (cause: unknown): Failure =>
  new Failure(
    503,
    "It was done, but it could not be written to the disk of the data folder, so a power cut may undo it. Check the disk, then check whether the change is still there.",
    { code: "storage_unavailable", cause },
  );

function causeOf({ cause, message }: Failure): string {
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause ?? message);
}

function pathOf(request: Request): string {
  return new URL(request.url).pathname;
}
