/**
 * The docs, as text. A macro: Bun runs it where it is imported, while it builds the binary and while it reads the
 * source, so that every page of docs/ is in the program, by no list of names.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** By name, without `.md`. */
export function embeddedDocs(): Record<string, string> {
  const folder = join(import.meta.dir, "../../../docs");
  return Object.fromEntries(
    readdirSync(folder)
      .filter((file) => file.endsWith(".md"))
      .map((file) => [file.slice(0, -".md".length), readFileSync(join(folder, file), "utf8")]),
  );
}
