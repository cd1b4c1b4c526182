/** The API's document as a page for people: one fold for each operation. Pure. */
import type { Schema } from "../../gateway/request/documented.ts";
import type { Answer, ApiDocument, Operation } from "../openapi.ts";

interface Row {
  name: string;
  schema: Schema;
  needed: boolean;
  description?: string | undefined;
}

const safe = (text: unknown): string => Bun.escapeHTML(String(text));

export function referenceOf({ info, tags, paths }: ApiDocument): string {
  const all = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const sections = tags.map(({ name, description }) => {
    const own = all.filter(({ operation }) => operation.tags.includes(name));
    const folds = own.map(({ path, method, operation }) => fold(path, method, operation));
    const id = safe(name.toLowerCase());
    return `<h2 id="${id}">${safe(name)}</h2><p>${safe(description)}</p>${folds.join("")}`;
  });
  return `<h2 id="reference">Every route</h2><p>${code(String(info["description"]))}</p><p>For programs: <a href="/api/openapi.json">/api/openapi.json</a>, OpenAPI 3.1.</p>${sections.join("")}`;
}

function fold(path: string, method: string, operation: Operation): string {
  const { operationId, summary, parameters = [], requestBody, responses } = operation;
  const body = Object.entries(requestBody?.content ?? {}).map(
    ([type, { schema = {} }]) =>
      table(
        `Body, ${type}${requestBody?.required ? "" : ", may be left out"}`,
        fieldsOf(schema, ""),
      ) + (schema["description"] ? `<p class="detail">${safe(schema["description"])}</p>` : ""),
  );
  return [
    `<details id="${safe(operationId)}"><summary><code>${method.toUpperCase()} ${safe(path)}</code>`,
    ` <span class="detail">${code(summary)} ${safe(who[operation["x-role"]])}</span></summary>`,
    table(
      "Parameters",
      parameters.map((each) => ({
        name: each.in === "path" ? `{${each.name}}` : each.name,
        schema: each.schema,
        needed: each.required,
        description: each.description,
      })),
    ),
    ...body,
    answers(responses),
    "</details>",
  ].join("");
}

const who: Readonly<Record<Operation["x-role"], string>> = {
  guest: "For everybody.",
  inference: "For any key.",
  viewer: "For viewers and above.",
  member: "For members and admins.",
  admin: "For admins.",
};

function fieldsOf(schema: Schema, before: string): Row[] {
  const needed = (schema["required"] ?? []) as string[];
  return Object.entries((schema["properties"] ?? {}) as Record<string, Schema>).flatMap(
    ([name, field]) => {
      const own = { name: before + name, schema: field, needed: needed.includes(name) };
      const inner = (field["items"] ?? field) as Schema;
      const into = field["items"] ? `${before}${name}[].` : `${before}${name}.`;
      return [own, ...fieldsOf(inner, into)];
    },
  );
}

function table(title: string, rows: readonly Row[]): string {
  if (rows.length === 0) return "";
  const lines = rows.map(
    ({ name, schema, needed, description }) =>
      `<tr><td><code>${safe(name)}</code></td><td>${safe(typeOf(schema))}</td><td>${needed ? "needed" : ""}</td><td>${code(description ?? String(schema["description"] ?? ""))}</td></tr>`,
  );
  return `<h4>${safe(title)}</h4><div class="wide"><table><tbody>${lines.join("")}</tbody></table></div>`;
}

function answers(responses: Readonly<Record<string, Answer>>): string {
  const lines = Object.entries(responses)
    .filter(([, { description }]) => description !== undefined)
    .map(
      ([status, { description, content = {} }]) =>
        `<tr><td><code>${safe(status)}</code></td><td>${code(description ?? "")}</td><td>${safe(Object.keys(content).join(", "))}</td></tr>`,
    );
  return `<h4>Answers</h4><div class="wide"><table><tbody>${lines.join("")}</tbody></table></div>`;
}

function typeOf(schema: Schema): string {
  const kinds = schema["anyOf"] as Schema[] | undefined;
  if (kinds) return [...new Set(kinds.map(typeOf))].join(" or ");
  const choices = schema["enum"] as unknown[] | undefined;
  if (choices) return choices.join(", ");
  const type = [schema["type"] ?? "anything"].flat().join(" or ");
  const items = (schema["items"] ?? schema["additionalProperties"] ?? undefined) as
    | Schema
    | false
    | undefined;
  return `${type}${items ? ` of ${typeOf(items)}` : ""}${bounds(schema)}`;
}

function bounds({ minimum, exclusiveMinimum, maximum, maxItems }: Schema): string {
  if (maxItems !== undefined) return `, at most ${maxItems}`;
  const least = minimum ?? exclusiveMinimum;
  if (least === undefined) return "";
  const from = exclusiveMinimum === undefined ? `, from ${least}` : `, above ${least}`;
  return maximum === undefined ? from : `${from} to ${maximum}`;
}

/** TEXT, whose words in backticks are code. */
const code = (text: string): string => safe(text).replace(/`([^`]+)`/g, "<code>$1</code>");
