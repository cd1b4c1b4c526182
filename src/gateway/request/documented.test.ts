import { expect, test } from "bun:test";
import { documentedPaths, isOurs, routeOf } from "./allow-list.ts";
import { inferencePaths } from "./documented.ts";

const documented = Object.entries(inferencePaths());
const real = (path: string): string =>
  path.replace("{endpoint}", "endpt-1").replace("{model}", "org/name");

test("every path of the document is on the allow-list, with the same method", () => {
  expect(documented.length).toBeGreaterThan(20);
  for (const [path, methods] of documented) {
    expect([path, Object.keys(methods)]).toEqual([
      path,
      [routeOf(real(path))?.method.toLowerCase() ?? "not allowed"],
    ]);
    expect(isOurs(real(path))).toBe(true);
  }
});

test("every path of the contract is in the document", () => {
  const shared = [
    "chat/completions",
    "completions",
    "embeddings",
    "rerank",
    "responses",
    "messages",
  ];
  const own = ["audio/transcriptions", "audio/speech", "images/generations", "models/{model}"];
  const paths = [
    "/api/chat/completions",
    ...[...shared, "models", ...own].map((what) => `/v1/${what}`),
    ...[...shared, "models"].flatMap((what) => [
      `/api/d/{endpoint}/${what}`,
      `/api/d/{endpoint}/v1/${what}`,
    ]),
  ];
  expect(documented.map(([path]) => path).toSorted()).toEqual(paths.toSorted());
  expect(documentedPaths.length).toBe(paths.length);
});

test("a kind that is allowed later cannot be forgotten: the document is made from the allow-list", () => {
  for (const { path, what } of documentedPaths) {
    if (what.startsWith("models")) continue;
    const route = routeOf(real(path));
    expect([path, route?.serves === "generation" && route.kind]).toEqual([path, what]);
  }
});

test("a body says which fields must be there; on an endpoint's own path the model may be left out", () => {
  const required = (path: string) =>
    JSON.stringify(inferencePaths()[path]?.["post"]).match(/"required":(\["[^\]]+\])/)?.[1];
  expect(required("/v1/chat/completions")).toBe('["model","messages"]');
  expect(required("/api/d/{endpoint}/chat/completions")).toBe('["messages"]');
});
