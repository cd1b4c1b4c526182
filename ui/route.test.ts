import { expect, test } from "bun:test";
import { loginFor, pathOf, targetAfterLogin } from "./route.ts";

test("a page is found by its path, also with a slash at the end", () => {
  expect(pathOf("/")).toBe("/");
  expect(pathOf("/keys")).toBe("/keys");
  expect(pathOf("/keys/")).toBe("/keys");
});

test("what is no page is not found", () => {
  for (const path of ["/nowhere", "/keys/1", "/KEYS", "//", "", "/api/keys"]) {
    expect([path, pathOf(path)]).toEqual([path, undefined]);
  }
});

test("signing in leads back to the page and its query", () => {
  const login = loginFor("/playground?model=a%26b");
  expect(login).toStartWith("/login?next=");
  expect(targetAfterLogin(login.slice("/login".length))).toBe("/playground?model=a%26b");
});

test("the overview and the login itself are nothing to come back to", () => {
  expect(loginFor("/")).toBe("/login");
  expect(loginFor("/login?next=/keys")).toBe("/login");
  expect(targetAfterLogin("?next=/login")).toBe("/");
});

test("a link cannot send somebody to another site after signing in", () => {
  const bad = [
    "//evil.example",
    "/\\evil.example",
    "https://evil.example/keys",
    "javascript:alert(1)",
  ];
  for (const next of [...bad, "/keys//evil.example", ""]) {
    expect([next, targetAfterLogin(`?next=${encodeURIComponent(next)}`)]).toEqual([next, "/"]);
  }
});
