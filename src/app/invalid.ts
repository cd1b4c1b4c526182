/** A request that does not have its route's form, in one sentence. Pure. */
import type { ValidationError } from "elysia";
import { badRequest, type Failure } from "../shared/failure.ts";

interface Schema {
  type?: string;
  format?: string;
  const?: unknown;
  anyOf?: Schema[];
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  multipleOf?: number;
  maxItems?: number;
  maxProperties?: number;
}

interface Wrong {
  path: string;
  message: string;
  schema: Schema;
  value?: unknown;
  /** Of a union: what each of its kinds says. */
  errors?: Iterable<{ First(): Wrong | undefined }>;
}

/** Names the field and what belongs there. What was sent is never repeated: it may be a password. */
export function invalid(error: ValidationError): Failure {
  const sent = error.type === "body" ? error.value : {};
  if (typeof sent !== "object" || sent === null || Array.isArray(sent)) {
    return badRequest("Send a JSON object with the header `content-type: application/json`.");
  }
  const { path, message, schema } = inside(error.valueError as Wrong | undefined) ?? {};
  const param = fieldAt(path ?? "");
  if (!schema || param === "") {
    return badRequest("The request does not have the expected form.");
  }
  if (message === "Unexpected property") {
    return badRequest(`\`${param}\` is not a field of this request.`, param);
  }
  if (message === "Expected required property") {
    return badRequest(`\`${param}\` is missing.`, param);
  }
  return badRequest(`\`${param}\` must be ${expected(schema)}.`, param);
}

/** Of a union, what is wrong in the kind that was meant: the one that has an inside, as what was sent has. */
function inside(wrong: Wrong | undefined): Wrong | undefined {
  if (!wrong?.schema.anyOf || !wrong.errors || kindOf(wrong.value) === undefined) return wrong;
  const meant = wrong.schema.anyOf.findIndex(({ type }) => type === kindOf(wrong.value));
  return inside([...wrong.errors][meant]?.First()) ?? wrong;
}

function kindOf(value: unknown): "array" | "object" | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  return Array.isArray(value) ? "array" : "object";
}

/** A JSON pointer (RFC 6901) as a person writes it. */
const fieldAt = (path: string): string =>
  path
    .split("/")
    .slice(1)
    .map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~").slice(0, 64))
    .join(".");

function expected(schema: Schema): string {
  if (schema.anyOf) {
    const kinds = schema.anyOf.filter(({ format }) => format === undefined).map(expected);
    return [...new Set(kinds)].join(" or ");
  }
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  switch (schema.type) {
    case "string":
      return "text";
    case "boolean":
      return "true or false";
    case "number":
      return `${schema.multipleOf === 1 ? "a whole number" : "a number"}${range(schema)}`;
    case "array":
      return `a list${most(schema.maxItems)}`;
    case "object":
      return `an object${most(schema.maxProperties)}`;
    default:
      return String(schema.type);
  }
}

function range({ minimum, exclusiveMinimum, maximum }: Schema): string {
  if (maximum === undefined) return "";
  return exclusiveMinimum === undefined
    ? ` from ${minimum} to ${maximum}`
    : ` above ${exclusiveMinimum} and at most ${maximum}`;
}

const most = (count: number | undefined): string =>
  count === undefined ? "" : ` of at most ${count}`;
