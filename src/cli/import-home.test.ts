import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { llamaServerHere } from "../app/config.ts";
import { importHomeFrom } from "./import-home.ts";

const folder = mkdtempSync(join(tmpdir(), "import-home-"));
process.on("exit", () => rmSync(folder, { recursive: true }));
const [own, service] = [join(folder, "own"), join(folder, "service")];
const both = () => [own, service];

test("a bundle goes into the home of the installed service, unless the user's own home is in use", () => {
  expect(importHomeFrom(undefined, true, both)).toBe(service);
  expect(importHomeFrom(undefined, false, both)).toBe(service);
  mkdirSync(join(own, "agent"), { recursive: true });
  writeFileSync(join(own, "agent", "identity.json"), "{}");
  expect(importHomeFrom(undefined, false, both)).toBe(own);
  // An agent's home is no appliance's.
  expect(importHomeFrom(undefined, true, both)).toBe(service);
});

test("without a service, or with a home that was named, it goes there", () => {
  expect(importHomeFrom(undefined, true, () => [own])).toBe(own);
  expect(importHomeFrom("/srv/data", true)).toBe("/srv/data");
});

test("llama-server is found where the product itself has put it", () => {
  const { HYPERVIZE_LLAMA_SERVER, PATH } = process.env;
  const tools = join(folder, "checkout", ".tools", "llama-server");
  mkdirSync(tools, { recursive: true });
  writeFileSync(join(tools, "llama-server"), "");
  try {
    delete process.env["HYPERVIZE_LLAMA_SERVER"];
    process.env["PATH"] = "/nowhere";
    const binary = join(folder, "checkout", "dist", "hypervize");
    expect(llamaServerHere(binary)).toMatch(/llama-server$/);
  } finally {
    Object.assign(process.env, { HYPERVIZE_LLAMA_SERVER, PATH });
  }
});
