/** Writes what docs/settings.md takes from the program: `npm run docs`. */
import { join } from "node:path";
import { filled } from "../src/scenarios/documents/settings-tables.ts";

const file = join(import.meta.dir, "../docs/settings.md");
await Bun.write(file, filled(await Bun.file(file).text()));
