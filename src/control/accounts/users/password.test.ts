import { expect, test } from "bun:test";
import { checkPassword, hashPassword, hashPasswordSync, passwordMatches } from "./password.ts";

const parameters = /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/;

test("hashes use argon2id with OWASP's parameters, and match only their password", async () => {
  const hash = await hashPassword("correct horse battery");
  expect(hash).toMatch(parameters);
  expect(hashPasswordSync("correct horse battery")).toMatch(parameters);
  expect(await passwordMatches("correct horse battery", hash)).toBe(true);
  expect(await passwordMatches("correct horse batterz", hash)).toBe(false);
});

test("an accented password matches however the keyboard composes it", async () => {
  const hash = await hashPassword("caf\u00e9 caf\u00e9 caf\u00e9");
  expect(await passwordMatches("cafe\u0301 cafe\u0301 cafe\u0301", hash)).toBe(true);
});

test("an account that does not exist costs as much work as one that does, and never matches", async () => {
  const hash = await hashPassword("correct horse battery");
  const timed = async (candidate: string | undefined) => {
    const started = performance.now();
    expect(await passwordMatches("wrong wrong wrong", candidate)).toBe(false);
    return performance.now() - started;
  };
  const known = Math.min(await timed(hash), await timed(hash), await timed(hash));
  const unknown = Math.min(await timed(undefined), await timed(undefined), await timed(undefined));
  // Without the decoy the second would be a thousand times faster.
  expect(unknown).toBeGreaterThan(known / 4);
});

test("the policy is 10 to 200 characters, and its sentence does not repeat the password", () => {
  for (const good of ["x".repeat(10), "x".repeat(200), "🦊".repeat(10)]) checkPassword(good);
  expect(() => checkPassword("x".repeat(201))).toThrow("10 to 200 characters; this one has 201");
  expect(() => checkPassword("123456789")).toThrow("10 to 200 characters; this one has 9");
  expect(() => checkPassword("123456789")).not.toThrow("123456789");
});
