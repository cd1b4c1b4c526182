/** The map names files and folders that exist, and rules that the code has. */
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dir, "..");
const page = await Bun.file(join(import.meta.dir, "ARCHITECTURE.md")).text();
const spans = [...page.matchAll(/`([^`\n]+)`/g)].map(([, span = ""]) => span);
/** Of the repository: neither a route (`/v1/…`), a link, nor a file of the data folder. */
const paths = spans.filter(
  (span) =>
    /^[\w.-]+\/[\w./{},-]*$|^[\w.-]+\.(?:tsx?|json|md)$/.test(span) && !/^HOME\//.test(span),
);

test("every file and folder that the map names exists", () => {
  expect(paths.length).toBeGreaterThan(60);
  const missing = paths.filter((path) => path !== "x.testbed.ts" && !existsSync(join(root, path)));
  expect(missing).toEqual([]);
});

test("the map has at most 25 words of our own", () => {
  const rows = page.slice(page.indexOf("## Words of this project")).match(/^\| (?!word|-)/gm) ?? [];
  expect(rows.length).toBeGreaterThan(10);
  expect(rows.length).toBeLessThanOrEqual(25);
});

test("every room of the houses is on the map, or in one that is", async () => {
  const rooms = new Set<string>();
  for (const file of new Bun.Glob("{src,agent}/*/**/*.ts").scanSync(root)) {
    if (/\.test(?:bed)?\.ts$/.test(file)) continue;
    rooms.add(
      file
        .split("/")
        .slice(0, file.startsWith("src/control/") ? 3 : 2)
        .join("/"),
    );
  }
  expect(rooms.size).toBeGreaterThan(15);
  const known = paths.filter((path) => path !== "agent/");
  const unknown = [...rooms].filter((room) => !known.some((path) => path.startsWith(room)));
  expect(unknown).toEqual([]);
});
