/** A path that a proxy in front, our routes and `URL` could each read in its own way is refused. */
import { describe, expect, test } from "bun:test";
import { ProtocolError } from "./protocol-error.ts";
import { dice } from "./seeded.testbed.ts";
import { parseTarget } from "./target.ts";

const pathOf = (target: string): string => parseTarget("GET", target).path;

test.each(["//api/health", "/v1//models", "///", "/v1/models//", "/v1/models/a%2F%2Fb"])(
  "%j is read as it stands, and leads nowhere",
  (target) => {
    expect(pathOf(target)).toBe(target);
    expect(new URL(`http://host${target}`).pathname).toBe(target);
  },
);

describe("refused", () => {
  test.each([
    "/v1\\..\\api\\health",
    "/v1x/..\\api/health",
    "/v1\\%2e%2e\\api/health",
    "/v1%5c..%5capi",
    "/v1/../api/health",
    "/v1/./models",
    "/v1/..",
    "/.",
    "/v1/%2e%2e/api",
    "/v1/%2E./api",
    "/v1/.%2e/api",
    "/v1/..%2fapi",
    "/v1/..%2Fapi%2fhealth",
    "/v1%2f..%2fapi",
    "/v1/models/a%2f%2e%2e%2fapi",
    "/%61pi/health",
    "/v1/models/Qwen2%2e5",
    "/v1/models/a%00",
    "/v1/models/a%0d%0ab",
    "/v1/models/a%7f",
    "/v1/models/a%",
    "/v1/models/a%zz",
    "/v1/models/a%2",
    "/v1/models#/../api",
    "/v1/models?a#b",
    "/v1/models?a\\b",
    '/v1/"models"',
    "/v1/<a>",
    "/v1/{a}",
    "/v1/a|b",
    "/v1/a^b",
    "/v1/`a`",
    "/v1/[a]",
    "/v1/\xe9",
    "*",
    "",
    "v1/models",
    "?a",
    "h:80",
    "ftp://h/v1/models",
    "http:/v1/models",
    "http://",
    "http:///v1/models",
    "http://u:p@h/v1/models",
    "http://h\\v1/models",
    "http://h,h/v1/models",
    "http://h/v1/../api",
    "http://h#/v1",
  ])("%p", (target) => {
    expect(() => parseTarget("GET", target)).toThrow(ProtocolError);
  });
});

test.each([
  ["/", "/"],
  ["/v1/models/", "/v1/models/"],
  ["/v1/models/org%2Fname:Q4_K_M@v1.5", "/v1/models/org%2Fname:Q4_K_M@v1.5"],
  ["/v1/models/..name..", "/v1/models/..name.."],
  ["/v1/models/...", "/v1/models/..."],
  ["/v1/models/%C3%A9%20%25", "/v1/models/%C3%A9%20%25"],
  ["/v1/models?a=../..//[\xe9]?%2e|b", "/v1/models"],
  ["http://h/v1/models?a", "/v1/models"],
  ["HTTPS://[::1]:8080/v1/models", "/v1/models"],
  ["http://h?a", "/"],
  ["http://h", "/"],
])("%p is read as %p", (target, path) => {
  expect(pathOf(target)).toBe(path);
});

test("no message repeats what was sent", () => {
  expect(() => pathOf("/secret-word/..")).toThrow(/^(?!.*secret-word)/);
});

test("whatever is let through, URL reads as we do", () => {
  const alphabet = [
    "/",
    ...'/.%\\?#;:@aA2eEfF05cC|^ \t"<{~\xe9',
    "%2e",
    "%2F",
    "%5c",
    "//",
    "/../",
    "http://h",
  ] as const;
  let understood = 0;
  for (let seed = 1; seed <= 20_000; seed++) {
    const { below, pick } = dice(seed);
    let target = "/";
    for (let count = below(8); count > 0; count--) target += pick(alphabet);
    let path: string;
    try {
      path = pathOf(target);
    } catch {
      continue;
    }
    understood++;
    const url = new URL(`http://h${parseTarget("GET", target).target}`);
    if (url.pathname !== path || url.host !== "h") throw new Error(`seed ${seed}: ${target}`);
  }
  expect(understood).toBeGreaterThan(2_000);
});
