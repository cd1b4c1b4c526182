import { expect, test } from "bun:test";
import { isCrossSite, sessionCookie, sessionToken } from "./cookie.ts";

const request = (method: string, headers: Record<string, string>, url = "http://appliance:8080/") =>
  new Request(url, { method, headers: { host: "appliance:8080", ...headers } });

test("the token is read from among other cookies", () => {
  const of = (cookie: string) => sessionToken(request("GET", { cookie }));
  expect(of("hv_session=abc")).toBe("abc");
  expect(of("theme=dark; hv_session=abc; x=y")).toBe("abc");
  expect(of("not_hv_session=abc")).toBeNull();
  expect(of("hv_session=")).toBeNull();
  expect(sessionToken(request("GET", {}))).toBeNull();
});

test("the cookie is out of reach for scripts and other sites, and Secure when the request came by https", () => {
  const plain = sessionCookie(request("POST", {}), "abc");
  expect(plain).toBe("hv_session=abc; HttpOnly; SameSite=Lax; Path=/; Max-Age=604800");
  for (const secure of [
    request("POST", { "x-forwarded-proto": "https" }),
    request("POST", {}, "https://appliance:8080/"),
  ]) {
    expect(sessionCookie(secure, "abc")).toEndWith("; Secure");
  }
  expect(sessionCookie(request("POST", {}), null)).toContain("hv_session=; HttpOnly");
  expect(sessionCookie(request("POST", {}), null)).toContain("Max-Age=0");
});

const cases: [method: string, headers: Record<string, string>, crossSite: boolean][] = [
  ["POST", {}, false],
  ["POST", { "sec-fetch-site": "same-origin", origin: "http://appliance:8080" }, false],
  ["POST", { "sec-fetch-site": "none" }, false],
  ["POST", { "sec-fetch-site": "same-site" }, true],
  ["POST", { "sec-fetch-site": "cross-site" }, true],
  ["DELETE", { origin: "http://evil.example" }, true],
  ["PATCH", { origin: "http://appliance:9090" }, true],
  ["POST", { origin: "http://sub.appliance:8080" }, true],
  ["POST", { origin: "null" }, true],
  ["POST", { origin: "" }, true],
  ["POST", { origin: "https://ai.example", host: "ai.example" }, false],
  ["PUT", { "sec-fetch-site": "same-origin", origin: "http://evil.example" }, true],
  ["GET", { "sec-fetch-site": "cross-site" }, false],
  ["HEAD", { origin: "http://evil.example" }, false],
];
for (const [method, headers, crossSite] of cases) {
  test(`${method} with ${JSON.stringify(headers)} is ${crossSite ? "" : "not "}cross-site`, () => {
    expect(isCrossSite(request(method, headers))).toBe(crossSite);
  });
}
