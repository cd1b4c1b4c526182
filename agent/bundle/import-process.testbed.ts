/** Imports standard input into the home in its arguments, and prints the bytes that came so far. */
import { importBundle } from "./import.ts";

await importBundle({
  home: process.argv[2] ?? "",
  input: "-",
  trusts: () => true,
  facts_only: false,
  learn: async () => undefined,
  progress: (done_bytes) => void process.stdout.write(`${done_bytes}\n`),
  signal: new AbortController().signal,
});
