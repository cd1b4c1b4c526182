import { expect, test } from "bun:test";
import { decodeJoinToken, encodeJoinToken, isDialAddress } from "./join-token.ts";

const token = {
  addresses: ["control.example:8443", "10.0.0.7:8443", "[fd00::7]:8443"],
  ca_sha256: "ab".repeat(32),
  secret: "0123456789abcdefABCDEF",
};

test("a token is one word for a shell and comes back whole", () => {
  const text = encodeJoinToken(token);
  expect(text).toMatch(/^hvj_[A-Za-z0-9_-]+$/);
  expect(decodeJoinToken(` ${text}\n`)).toEqual(token);
});

test.each([
  ["", "This is not a join token"],
  ["hv_0123456789", "This is not a join token"],
  ["hvj_", "This join token is damaged: a part of it is missing"],
  ["hvj_!!!!", "This join token is damaged: a part of it is missing"],
  [encodeJoinToken(token).slice(0, -9), "This join token is damaged: a part of it is missing"],
  [raw({ a: [], c: token.ca_sha256, s: token.secret }), "it names no address"],
  [raw({ a: ["nowhere"], c: token.ca_sha256, s: token.secret }), "not an address of the form"],
  [raw({ a: ["a:70000"], c: token.ca_sha256, s: token.secret }), "not an address of the form"],
  [raw({ a: ["a:1"], c: "ab", s: token.secret }), "its CA fingerprint"],
  [raw({ a: ["a:1"], c: token.ca_sha256, s: "short" }), "its secret is too short"],
  [raw({ a: ["a:1"], c: 5, s: token.secret }), "a part of it is missing"],
  [raw([1]), "a part of it is missing"],
])("%j is refused: %s", (text, sentence) => {
  expect(() => decodeJoinToken(text)).toThrow(sentence);
});

test("the refusal of a damaged token does not repeat its secret", () => {
  const text = raw({ a: [], c: token.ca_sha256, s: token.secret });
  expect(() => decodeJoinToken(text)).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining(token.secret) }),
  );
});

test("a token with a bad part cannot be made", () => {
  expect(() => encodeJoinToken({ ...token, addresses: ["https://control"] })).toThrow(
    "cannot be made",
  );
});

test("an address is a name or a number with a port", () => {
  expect(["a:1", "1.2.3.4:65535", "[::1]:80"].every(isDialAddress)).toBe(true);
  expect(["a", "a:0", ":80", "::1:80", "http://a:1", "a b:1"].some(isDialAddress)).toBe(false);
});

function raw(parts: unknown): string {
  return `hvj_${Buffer.from(JSON.stringify(parts)).toString("base64url")}`;
}
