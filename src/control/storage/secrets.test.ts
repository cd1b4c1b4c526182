import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { secretsIn, secretsWith } from "./secrets.ts";

const folders: string[] = [];
function newHome(): string {
  const folder = mkdtempSync(join(tmpdir(), "hypervize-secrets-"));
  folders.push(folder);
  return folder;
}
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const secrets = secretsWith(new Uint8Array(32).fill(7));
const not_ours =
  "The key file HOME/secret.key is not the one these secrets were sealed with; set them again.";

test("what was sealed opens again, and shows nothing of itself", () => {
  for (const text of ["", "p", "pässwörd 🔑", "x".repeat(10_000)]) {
    const sealed = secrets.seal(text, "mail");
    expect(sealed).toMatch(/^v1\.[\w-]+$/);
    expect(secrets.open(sealed, "mail")).toBe(text);
  }
  expect(secrets.seal("same")).not.toBe(secrets.seal("same"));
});

test("another key, another place or a changed text does not open it", () => {
  const sealed = secrets.seal("password", "mail");
  const flipped = sealed.replace(/.$/, (last) => (last === "A" ? "Q" : "A"));
  const other = secretsWith(new Uint8Array(32).fill(8));
  expect(() => other.open(sealed, "mail")).toThrow(not_ours);
  expect(() => secrets.open(sealed, "webhook")).toThrow(not_ours);
  for (const bad of [flipped, "", "v1.", "v1.AAAA", "v2.x", sealed.slice(0, -16), "password"]) {
    expect(() => secrets.open(bad, "mail")).toThrow(not_ours);
  }
});

test("a tag that was cut short is refused", () => {
  // The text is empty, so that the bytes are nonce and tag: with a tag of 4 bytes forging is cheap.
  const bytes = Buffer.from(secrets.seal("").slice(3), "base64url").subarray(0, 12 + 4);
  expect(() => secrets.open(`v1.${bytes.toString("base64url")}`)).toThrow(not_ours);
});

test("the first start makes the key file, for its owner only, and the next ones keep it", () => {
  const home = newHome();
  const sealed = secretsIn(home).seal("password");
  expect(readdirSync(home)).toEqual(["secret.key"]);
  expect(statSync(join(home, "secret.key")).mode & 0o777).toBe(0o600);
  expect(readFileSync(join(home, "secret.key"))).toHaveLength(32);
  expect(secretsIn(home).open(sealed)).toBe("password");
});

test("a lost key is replaced, and what it had sealed is reported as lost", () => {
  const home = newHome();
  const sealed = secretsIn(home).seal("password");
  rmSync(join(home, "secret.key"));
  expect(() => secretsIn(home).open(sealed)).toThrow(not_ours);
});

test("a damaged key file neither stops a start nor is it overwritten", () => {
  const home = newHome();
  writeFileSync(join(home, "secret.key"), "half a key");
  const damaged = secretsIn(home);
  expect(() => damaged.seal("x")).toThrow("HOME/secret.key is damaged");
  expect(() => damaged.open("v1.x")).toThrow("HOME/secret.key is damaged");
  expect(readFileSync(join(home, "secret.key"), "utf8")).toBe("half a key");
});
