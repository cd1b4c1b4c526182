/**
 * The OpenAPI document: the control API's part from the routes themselves, by Elysia's plugin, without the plugin's
 * page, which loads its script from a CDN; the gateway's part from beside its allow-list.
 */
import { toOpenAPISchema } from "@elysia/openapi/openapi";
import type { AnyElysia } from "elysia";
import { cookie_name } from "../control/accounts/users/cookie.ts";
import { inferencePaths, type Schema } from "../gateway/request/documented.ts";

export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  /** The least role; `inference`: any key, or a session; `guest`: nobody need sign in. */
  readonly "x-role": "guest" | "viewer" | "member" | "admin" | "inference";
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: Body;
  readonly responses: Readonly<Record<string, Answer>>;
}

export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required: boolean;
  readonly schema: Schema;
  readonly description?: string;
}

export interface Body {
  readonly required: boolean;
  readonly content: Readonly<Record<string, { readonly schema?: Schema }>>;
}

export interface Answer {
  readonly description?: string;
  readonly $ref?: string;
  readonly content?: Readonly<Record<string, object>>;
}

export interface ApiDocument {
  readonly openapi: string;
  readonly info: Schema;
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Schema;
}

const json = "application/json";
const error = { $ref: "#/components/responses/Error" };

const tags = [
  { name: "Inference", description: "For applications: a key of any scope, or the session." },
  { name: "Models", description: "The shared models, and how large models are." },
  { name: "Endpoints", description: "Dedicated endpoints." },
  { name: "Hosts", description: "GPU hosts, and what is wrong with them." },
  { name: "Access", description: "Signing in, users, teams and keys." },
  { name: "Usage", description: "Who used what." },
  { name: "Prices", description: "What models cost." },
  { name: "Routing", description: "Aliases, and services elsewhere." },
  { name: "Settings", description: "The appliance's settings and notices." },
  { name: "Appliance", description: "Is it up, what happens, and this document." },
];

/** APP: with every route of the control API. */
export function documentOf(app: AnyElysia, version: string): ApiDocument {
  const made = toOpenAPISchema(app as never, { staticFile: false } as never);
  const paths = Object.entries(made.paths as Record<string, Record<string, Operation>>).map(
    ([path, methods]) => [
      path,
      Object.fromEntries(
        Object.entries(methods).map(([method, operation]) => [method, finished(operation)]),
      ),
    ],
  );
  return {
    openapi: "3.1.1",
    info: {
      title: "Hypervize",
      version,
      description:
        "Send a key as `Authorization: Bearer hv_...`. A key of the scope inference works on the paths of Inference and on `GET /api/models`; one of the scope admin, and the dashboard's session, on all of them, as far as the role of its user goes (`x-role`: viewer, member, admin). Every error has the same form, every answer an `x-request-id`.",
    },
    tags,
    paths: {
      ...Object.fromEntries(paths),
      "/api/health": { get: health },
      ...(inferencePaths() as unknown as ApiDocument["paths"]),
    },
    components: {
      schemas: { Error: envelope },
      responses: {
        Error: {
          description: "What went wrong, as a sentence that says what to do.",
          headers: { "x-request-id": { schema: { type: "string" } } },
          content: { [json]: { schema: { $ref: "#/components/schemas/Error" } } },
        },
      },
      securitySchemes: {
        key: { type: "http", scheme: "bearer" },
        session: { type: "apiKey", in: "cookie", name: cookie_name },
      },
    },
    security: [{ key: [] }, { session: [] }],
  } as ApiDocument;
}

const envelope: Schema = {
  type: "object",
  required: ["error"],
  properties: {
    error: {
      type: "object",
      required: ["message", "type", "param", "code"],
      properties: {
        message: { type: "string" },
        type: {
          type: "string",
          enum: [
            "invalid_request_error",
            "insufficient_quota",
            "requests",
            "tokens",
            "server_error",
          ],
        },
        param: { type: ["string", "null"], description: "The field that is wrong." },
        code: { type: ["string", "null"] },
      },
    },
  },
};

/** Answered before Elysia, so it is no route. */
const health: Operation = {
  operationId: "getApiHealth",
  summary: "Say that the appliance is alive, which version it is, and for how long it runs.",
  tags: ["Appliance"],
  "x-role": "guest",
  responses: { 200: { description: "It is alive.", content: { [json]: {} } } },
};

/** With the answers that follow from what an operation asks for, and without the types that no body has here. */
function finished(operation: Operation): Operation {
  const { requestBody, parameters = [] } = operation;
  const role = operation["x-role"];
  const taken = parameters.map((each) => ({ ...each, schema: plain(each.schema) as Schema }));
  const asks = requestBody !== undefined || taken.some((each) => each.in === "query");
  return {
    ...operation,
    operationId: operation.operationId.replace(/[^A-Za-z0-9]/g, ""),
    ...(taken.length > 0 && { parameters: taken }),
    ...(requestBody && { requestBody: jsonBody(requestBody) }),
    ...(role === "guest" && { security: [{}] }),
    responses: {
      ...Object.fromEntries(
        Object.entries(operation.responses).map(([status, answer]) => [
          status,
          Number(status) < 400 ? answer : { ...answer, content: error_content },
        ]),
      ),
      ...(asks && { 400: error }),
      ...(role !== "guest" && { 401: error, 403: error }),
      ...(taken.some((each) => each.in === "path") && { 404: error }),
      ...(requestBody && { 411: error, 413: error, 415: error }),
      default: error,
    },
  };
}

const error_content = { [json]: { schema: { $ref: "#/components/schemas/Error" } } };

/** The plugin also lists forms, which are refused here. */
function jsonBody({ content }: Body): Body {
  const schema = content[json]?.schema ?? {};
  const marks = Object.getOwnPropertySymbols(schema).map((mark) => mark.description);
  return {
    required: !marks.includes("TypeBox.Optional"),
    content: { [json]: { schema: plain(schema) as Schema } },
  };
}

/** A schema as people write it, instead of as TypeBox checks it. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const { "x-bounds": bounds, ...schema } = merged(value as Schema);
  const inner = Object.fromEntries(
    Object.entries(schema)
      .filter(([, each]) => each !== undefined)
      .map(([name, each]) => [name, plain(each)]),
  );
  if (Array.isArray(bounds)) {
    return { ...inner, type: "integer", minimum: bounds[0], maximum: bounds[1] };
  }
  if (inner["multipleOf"] === 1) {
    const { multipleOf: _, type, ...rest } = inner;
    return { ...rest, type: Array.isArray(type) ? ["integer", "null"] : "integer" };
  }
  const { patternProperties, ...rest } = inner;
  const [of] = Object.values((patternProperties as Schema | undefined) ?? {});
  return of === undefined ? inner : { ...rest, additionalProperties: of };
}

/** A number or a truth value in a query is text or itself for Elysia; for people it is itself. */
function merged(schema: Schema): Schema {
  const { anyOf, ...rest } = schema;
  if (!Array.isArray(anyOf)) return schema;
  const kinds: Schema[] = anyOf;
  const [itself, ...others] = kinds.filter(({ format }) => !isOfText(format));
  return others.length === 0 && kinds.length > 1 ? { ...itself, ...rest } : schema;
}

const isOfText = (format: unknown): boolean =>
  ["numeric", "integer", "boolean"].includes(String(format));
