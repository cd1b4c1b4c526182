/**
 * What every `routes.ts` is made with, so that what a route says of itself in `/api/openapi.json` is what it does:
 * the least role that it names is the one that it asks for, and bounds are those that it is checked by.
 */
import { Elysia, type TSchema, t } from "elysia";
import type { Guard, Role } from "../shared/access.ts";

export type Bounds = readonly [least: number, most: number];

/** `guest`: nobody need sign in. `inference`: any key, or a session. */
export type Least = Role | "guest" | "inference";

/** What the routes of one instance have in common in the document. */
export const about = (tag: string, least: Least) => ({
  detail: { tags: [tag], "x-role": least },
});

/** An instance whose routes all want LEAST, before validation, so that a stranger learns nothing of a request's form. */
export function routesFor(guard: Guard, least: Role, tag: string) {
  return new Elysia(about(tag, least)).derive(({ request }) => ({ caller: guard(request, least) }));
}

/** What a route does, and what its statuses mean; OF is the type of what it sends. */
export function told(
  summary: string,
  answers: Readonly<Record<number, string>> = { 200: "As asked." },
  of = "application/json",
) {
  const responses = Object.entries(answers).map(([status, description]) => [
    status,
    {
      description,
      ...(Number(status) < 400 && Number(status) !== 204 && { content: { [of]: {} } }),
    },
  ]);
  return { detail: { summary, responses: Object.fromEntries(responses) } };
}

/** An object without other fields. */
export const closed = { additionalProperties: false };

/** Not `t.Integer`: in a body, that one takes text for a number, and loses the field's name when it is out of bounds. */
export const wholeNumber = ([minimum, maximum]: Bounds) =>
  t.Number({ minimum, maximum, multipleOf: 1 });

export const orNull = <Schema extends TSchema>(schema: Schema) =>
  t.Optional(t.Union([schema, t.Null()]));

/**
 * A whole number in a query. It is for the document: Elysia checks a bound of text after it has lost the field's name,
 * so the handler checks it.
 */
export const wholeInQuery = ([least, most]: Bounds) =>
  t.Optional(t.Numeric({ "x-bounds": [least, most] }));
/** Milliseconds since 1970, in a query. */
export const timeInQuery = t.Optional(t.Numeric({ description: "Milliseconds since 1970." }));

export const dryRun = t.Object(
  { dry_run: t.Optional(t.String({ description: "1 or true: only say what would be." })) },
  closed,
);
