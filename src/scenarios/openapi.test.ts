/** The API's document, held to a real appliance: everything that is served is in it, and all that is in it is served. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import type { ApiDocument, Operation } from "../app/openapi.ts";
import { Testbed } from "./appliance.testbed.ts";
import { ApplianceProcess } from "./appliance-process.ts";

const testbed = new Testbed();
let appliance: ApplianceProcess;
let api: ApiDocument;
/** A key for each that may ask. */
const keys: Record<string, string> = {};

beforeAll(async () => {
  appliance = await ApplianceProcess.create(testbed);
  for (const role of ["viewer", "member"]) {
    const email = `${role}@example.org`;
    const password = "correct horse battery";
    await appliance.api("/api/users", { email, password, role });
    const signedIn = await fetch(`${appliance.url}/api/auth/login`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ email, password }),
    });
    keys[role] = signedIn.headers.get("set-cookie")?.split(";")[0] ?? "";
  }
  const { key } = await appliance.api<{ key: string }>("/api/keys", { name: "an app" });
  keys["inference"] = key;
  keys["admin"] = await appliance.adminKey();
  api = await appliance.api<ApiDocument>("/api/openapi.json");
}, 60_000);
afterAll(() => testbed.end(), 30_000);

const operations = (): { path: string; method: string; operation: Operation }[] =>
  Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );

/** Nothing that these ask for exists, and no body is right, so that nothing changes. */
function ask(path: string, method: string, as: string): Promise<Response> {
  const key = keys[as] ?? "";
  const hasBody = !["get", "delete"].includes(method);
  return fetch(appliance.url + path.replaceAll(/\{(\w+)\}/g, "endpt-$1"), {
    method: method.toUpperCase(),
    headers: {
      ...(as !== "guest" &&
        (key.includes("=") ? { cookie: key } : { authorization: `Bearer ${key}` })),
      ...(hasBody && { "content-type": "application/json" }),
    },
    ...(hasBody && { body: '{"no such field":1}' }),
    signal: AbortSignal.timeout(10_000),
  });
}

/** The order of roles; a session of a viewer is also good for inference. */
const below: Record<Operation["x-role"], string | null> = {
  guest: null,
  inference: "guest",
  viewer: "guest",
  member: "viewer",
  admin: "member",
};

test("every path that a routes.ts names is in the document", async () => {
  const root = join(import.meta.dir, "..");
  const named: string[] = [];
  for (const file of new Bun.Glob("control/**/*routes.ts").scanSync(root)) {
    const source = await Bun.file(join(root, file)).text();
    for (const [, method = "", path = ""] of source.matchAll(
      /\.(get|post|put|patch|delete)\(\s*["`](\/[^"`]+)["`]/g,
    )) {
      named.push(`${method} ${path.replaceAll(/(?<!\$\{):(\w+)/g, "{$1}")}`);
    }
  }
  const all = named.flatMap((each) =>
    /\/\$\{order\}$/.test(each)
      ? ["pause", "resume", "sleep", "wake"].map((order) => each.replace(/[^/]+$/, order))
      : [each],
  );
  const documented = operations().map(({ method, path }) => `${method} ${path}`);
  expect(all.length).toBeGreaterThan(55);
  expect(all.filter((each) => !documented.includes(each))).toEqual([]);
  expect(documented).toContain("get /api/health");
  expect(documented).toContain("get /api/openapi.json");
});

test("whoever has less than the documented role is refused", async () => {
  const wrong: unknown[] = [];
  for (const { path, method, operation } of operations()) {
    const less = below[operation["x-role"]];
    if (less === null) continue;
    const { status } = await ask(path, method, less);
    if (status !== (less === "guest" ? 401 : 403)) wrong.push([method, path, less, status]);
  }
  expect(wrong).toEqual([]);
}, 60_000);

test("every operation of the document answers who has its role", async () => {
  const wrong: unknown[] = [];
  for (const { path, method, operation } of operations()) {
    const answer = await ask(path, method, operation["x-role"]);
    const isStream = answer.headers.get("content-type")?.includes("event-stream");
    const text = isStream ? await answer.body?.cancel() : await answer.text();
    const isThere = !/There is no [A-Z]+ \/|This path/.test(text ?? "");
    const { status } = answer;
    if (!isThere || status >= 500 || [401, 403, 405].includes(status))
      wrong.push([method, path, operation["x-role"], status, text]);
  }
  expect(wrong).toEqual([]);
}, 60_000);

test("every operation says what it does, who may, and what its answers mean, under its own id", () => {
  const tags = new Set(api.tags.map(({ name }) => name));
  const ids = operations().map(({ operation }) => operation.operationId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { path, method, operation } of operations()) {
    const where = `${method} ${path}`;
    expect([where, operation.summary]).toEqual([where, expect.stringMatching(/^[A-Z].*\.$/)]);
    expect([where, operation.tags.filter((tag) => tags.has(tag)).length]).toEqual([where, 1]);
    expect([where, Object.keys(below)]).toEqual([
      where,
      expect.arrayContaining([operation["x-role"]]),
    ]);
    const answers = Object.entries(operation.responses);
    expect([where, answers.some(([status]) => Number(status) < 300)]).toEqual([where, true]);
    expect([where, answers.every(([, { description, $ref }]) => description ?? $ref)]).toEqual([
      where,
      true,
    ]);
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
    const declared = (operation.parameters ?? []).filter((each) => each.in === "path");
    expect([where, declared.map(({ name }) => name)]).toEqual([where, inPath]);
  }
});

test("every reference leads somewhere, and no body is of an unknown form", () => {
  const text = JSON.stringify(api);
  for (const [, ref = ""] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
    const found = ref
      .split("/")
      .reduce<unknown>((at, name) => (at as Record<string, unknown>)?.[name], api);
    expect([ref, typeof found]).toEqual([ref, "object"]);
  }
  for (const { path, operation } of operations()) {
    for (const { schema } of Object.values(operation.requestBody?.content ?? {})) {
      const properties = Object.entries((schema?.["properties"] ?? {}) as Record<string, object>);
      expect([path, properties.length]).toEqual([path, expect.any(Number)]);
      expect([path, properties.filter(([, each]) => Object.keys(each).length === 0)]).toEqual([
        path,
        [],
      ]);
      expect([path, properties.length > 0]).toEqual([path, true]);
    }
  }
  // The checker's own marks are not for people.
  expect(text).not.toMatch(
    /patternProperties|x-bounds|"format":"numeric"|multipart\/form-data.{0,40}password/,
  );
});

test("bounds stand in the document, and one that is broken is named with both ends", async () => {
  const body = api.paths["/api/provision"]?.["post"]?.requestBody?.content["application/json"];
  expect(body?.schema?.["properties"]).toMatchObject({
    concurrency: { type: "integer", minimum: 1, maximum: 1024 },
    context: { type: ["integer", "null"], minimum: 256, maximum: 16_777_216 },
  });
  const refusal = async (path: string, sent: object, method = "POST") => {
    const answer = await fetch(appliance.url + path, {
      method,
      headers: { authorization: `Bearer ${keys["admin"]}`, "content-type": "application/json" },
      body: JSON.stringify(sent),
    });
    const { error } = (await answer.json()) as { error: { message: string; param: string } };
    return [answer.status, error.param, error.message];
  };
  const model = "org/model";
  expect(await refusal("/api/provision", { model, concurrency: 0 })).toEqual([
    400,
    "concurrency",
    "`concurrency` must be a whole number from 1 to 1024.",
  ]);
  expect(await refusal("/api/provision", { model, gpu: { count: 65 } })).toEqual([
    400,
    "gpu.count",
    "`gpu.count` must be a whole number from 1 to 64 or null.",
  ]);
  expect(await refusal("/api/provision", { model, env: { A: 1 } })).toEqual([
    400,
    "env.A",
    "`env.A` must be text.",
  ]);
  expect(await refusal("/api/settings", { mail: { port: 0 } }, "PUT")).toEqual([
    400,
    "mail.port",
    "`mail.port` must be a whole number from 1 to 65535.",
  ]);
});

test("a key for inference reads the document, a guest does not; the page for people has every operation", async () => {
  expect((await ask("/api/openapi.json", "get", "guest")).status).toBe(401);
  expect((await ask("/api/openapi.json", "get", "inference")).status).toBe(200);
  const page = async (as: string) => (await ask("/docs/api", "get", as)).text();
  const seen = await page("viewer");
  for (const { path, method, operation } of operations()) {
    expect(seen).toContain(`<code>${method.toUpperCase()} ${path}</code>`);
    expect(seen).toContain(`id="${operation.operationId}"`);
  }
  const guests = await page("guest");
  expect(guests).toContain('href="/login"');
  // The hand-written part of the page names routes for everybody; the reference alone has ids of operations.
  for (const { operation } of operations()) {
    expect(guests).not.toContain(`id="${operation.operationId}"`);
  }
});
