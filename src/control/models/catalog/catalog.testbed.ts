/** For tests: a catalog, and entries as they are when nobody has looked at their files. */
import type { Database } from "../../storage/database.ts";
import { secretsWith } from "../../storage/secrets.ts";
import { Catalog, type NewCatalogModel } from "./catalog.ts";
import { checkedEntry, type ModelInput } from "./entry.ts";

export const demo = { name: "hypervize-demo", source: "builtin:hypervize-demo" };

export const catalogIn = (
  database: Database,
  now: () => number = () => 5000,
  key = new Uint8Array(32),
): Catalog => new Catalog(database, secretsWith(key), now);

export function newModel(input: ModelInput, hf_token = ""): NewCatalogModel {
  const entry = checkedEntry(input);
  const { source, context_tokens } = entry.asked;
  const run = {
    source,
    runtime: "llama-server" as const,
    model_facts: null,
    context_tokens: context_tokens ?? 4096,
  };
  return { entry, run, hf_token };
}
