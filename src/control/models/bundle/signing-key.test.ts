import { afterAll, expect, test } from "bun:test";
import { createPublicKey, verify } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isFingerprint, signingKeyOf, trustedKeys, trustKey } from "./signing-key.ts";

const home = mkdtempSync(join(tmpdir(), "hypervize-key-"));
afterAll(() => rmSync(home, { recursive: true }));
const words = Buffer.from("a list of contents");

test("the first use makes a key, the next ones keep it, and it signs", () => {
  const first = signingKeyOf(home);
  const signature = signingKeyOf(home).sign(words);
  expect(signingKeyOf(home).public_key).toEqual(first.public_key);
  const key = createPublicKey({
    key: Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), first.public_key]),
    format: "der",
    type: "spki",
  });
  expect(verify(null, words, key, signature)).toBe(true);
  expect(verify(null, Buffer.from("another"), key, signature)).toBe(false);
});

test("it lies sealed, for its owner only, and is lost with the home's secret key", () => {
  const file = join(home, "bundle", "signing-key");
  expect(readFileSync(file, "utf8")).toMatch(/^v1\.[\w-]+\n$/);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  rmSync(join(home, "secret.key"));
  expect(() => signingKeyOf(home)).toThrow("HOME/secret.key is not the one");
});

test("trusted keys stay trusted, each once", () => {
  const [one, other] = ["1".repeat(64), "2".repeat(64)];
  expect([...trustedKeys(home)]).toEqual([]);
  for (const key of [one, other, one]) trustKey(home, key);
  expect([...trustedKeys(home)]).toEqual([one, other]);
  expect(isFingerprint(one)).toBe(true);
  expect(["", "1", `${one}1`, "g".repeat(64), "A".repeat(64)].some(isFingerprint)).toBe(false);
});
