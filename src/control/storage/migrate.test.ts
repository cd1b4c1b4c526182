import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { migrations } from "../../../migrations/embedded.ts";
import { openDatabase } from "./database.ts";
import { migrate } from "./migrate.ts";

const folder = new URL("../../../migrations/", import.meta.url).pathname;

test("every migration in the folder is embedded, in order", async () => {
  const files = readdirSync(folder)
    .filter((name) => name.endsWith(".sql"))
    .sort();
  const texts = await Promise.all(files.map((name) => Bun.file(folder + name).text()));
  expect([...migrations]).toEqual(texts);
});

test("a new database gets every table, and a second start changes nothing", () => {
  const { $client } = openDatabase(":memory:");
  const tables = () =>
    $client.prepare("select name from sqlite_schema where type = 'table' order by name").all();
  const before = tables();
  expect(before).toContainEqual({ name: "usage" });
  migrate($client);
  expect(tables()).toEqual(before);
});

test("a database from a newer binary is refused", () => {
  const { $client } = openDatabase(":memory:");
  $client.pragma(`user_version = ${migrations.length + 1}`);
  expect(() => migrate($client)).toThrow("Start the newer binary");
});

test("there is no column for prompts or completions", () => {
  const { $client } = openDatabase(":memory:");
  const columns = $client
    .prepare(
      "select m.name || '.' || c.name as name from sqlite_schema m, pragma_table_info(m.name) c where m.type = 'table'",
    )
    .all() as { name: string }[];
  const suspicious = columns.filter((c) =>
    /content|prompt(?!_tokens)|message|body|(?<!con)text/.test(c.name),
  );
  expect(suspicious).toEqual([]);
});
