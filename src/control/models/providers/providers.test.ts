import { expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "../../storage/database.ts";
import { secretsWith } from "../../storage/secrets.ts";
import { withProviders } from "./pool.ts";
import type { ProviderRow } from "./provider.ts";
import { Providers } from "./providers.ts";

const secrets = secretsWith(new Uint8Array(32));
const input = { name: "Far", base_url: "https://api.example.org/v1", api_key: "sk-canary" };

test("a key comes back from disk, where it cannot be read", () => {
  const folder = mkdtempSync(join(tmpdir(), "hypervize-providers-"));
  const file = join(folder, "x.db");
  const { id } = new Providers(openDatabase(file), secrets, () => 5).create(input);
  const again = new Providers(openDatabase(file), secrets, () => 5);
  expect(again.keyOf(again.existing(id))).toBe("sk-canary");
  for (const name of readdirSync(folder)) {
    expect(readFileSync(join(folder, name), "latin1")).not.toContain("canary");
  }
  rmSync(folder, { recursive: true });
});

test("a sealed key is of no use with another provider", () => {
  const providers = new Providers(openDatabase(":memory:"), secrets, () => 5);
  const one = providers.create(input);
  const other = providers.create({ ...input, name: "Other" });
  expect(() => providers.keyOf({ ...other, key: one.key })).toThrow();
});

const provider = (changes: Partial<ProviderRow> = {}): ProviderRow => ({
  id: "prv_1",
  name: "Far",
  base_url: "https://api.example.org/v1",
  key: "",
  enabled: true,
  slots: 3,
  created_at: 7,
  models: [{ name: "m", upstream: "their-m", burst: true }],
  ...changes,
});
const own = {
  id: "mdl_1",
  name: "m",
  created_at: 1,
  ready: [{ id: "rep_1" }],
  reason: null,
  endpoint: null,
};
const joined = (rows: ProviderRow[]) => withProviders([own], rows, () => "k");

test("a shared model bursts out only where that is allowed", () => {
  const [model] = joined([provider()]);
  expect(model).toMatchObject({ id: "mdl_1", name: "m" });
  expect(model?.ready).toEqual([
    { id: "rep_1" },
    {
      id: "prv_1",
      host: "api.example.org",
      port: 443,
      runtime: "provider",
      provider: {
        tls: { server_name: "api.example.org" },
        base_path: "/v1",
        authorization: "Bearer k",
      },
      model: "their-m",
      slots: 3,
      overflow: true,
    },
  ]);
  const closed = provider({ models: [{ name: "m", upstream: "m", burst: false }] });
  expect(joined([closed])).toEqual([own]);
  expect(joined([provider({ enabled: false })])).toEqual([own]);
  expect(withProviders([own], [provider()], () => null)).toEqual([own]);
});

test("a model that the pool does not have is the providers' alone, of all that have it", () => {
  const models = [{ name: "far", upstream: "far", burst: true }];
  const plain = provider({ id: "prv_2", base_url: "http://[::1]:9000/api", models });
  const [, far] = joined([provider({ models }), plain]);
  expect(far).toMatchObject({ id: "prv_1/far", name: "far", created_at: 7, reason: null });
  expect(far?.ready).toMatchObject([
    { id: "prv_1" },
    { id: "prv_2", host: "::1", port: 9000, provider: { tls: null, base_path: "/api" } },
  ]);
  expect(far?.ready.some((replica) => "overflow" in replica)).toBe(false);
});
