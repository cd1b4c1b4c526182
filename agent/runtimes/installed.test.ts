import { expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installedRuntime, newestFirst } from "./installed.ts";

test("the newest by its numbers comes first", () => {
  const names = ["llama-server-0.9.0", "llama-server-0.10.0", "llama-server-0.10.0+ab"];
  expect(newestFirst(names)[0]).toBe("llama-server-0.10.0+ab");
  expect(newestFirst(["vllm-9", "vllm-11669"])).toEqual(["vllm-11669", "vllm-9"]);
});

test("of a home the newest that may be run is taken, and none where none came", async () => {
  const home = mkdtempSync(join(tmpdir(), "hypervize-installed-"));
  expect(await installedRuntime(home, "llama-server")).toBeUndefined();
  const paths = ["llama-server-1.9", "llama-server-1.10", "vllm-3.0"].map((folder) => {
    mkdirSync(join(home, "runtimes", folder), { recursive: true });
    const path = join(home, "runtimes", folder, folder.startsWith("v") ? "vllm" : "llama-server");
    writeFileSync(path, "", { mode: 0o755 });
    return path;
  });
  expect(await installedRuntime(home, "llama-server")).toBe(paths[1]);
  chmodSync(paths[1] ?? "", 0o644);
  expect(await installedRuntime(home, "llama-server")).toBe(paths[0]);
  expect(await installedRuntime(home, "sglang")).toBeUndefined();
  rmSync(home, { recursive: true });
});
