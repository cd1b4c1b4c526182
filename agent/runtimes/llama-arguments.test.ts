import { expect, test } from "bun:test";
import { argumentsFor } from "./llama-arguments.ts";
import type { Launch } from "./runtime.ts";

const gib = 1024 ** 3;
const known_flags =
  "--metrics --no-slots --no-ui --no-webui --jinja --offline --cors-origins --threads-http --cache-ram --fit";
const recent_build = { flags: new Set(known_flags.split(" ")), has_log_levels: true };
const older = (...flags: string[]) => ({ flags: new Set(flags), has_log_levels: false });

function launch(changes: Partial<Launch["spec"]> = {}, host: Partial<Launch["host"]> = {}): Launch {
  return {
    spec: {
      id: "rep_a",
      epoch: 1,
      model: "demo",
      runtime: "llama-server",
      source: "file:///m.gguf",
      context_tokens: 2048,
      slots: 4,
      args: [],
      devices: [],
      env: {},
      hf_token: "",
      ...changes,
    },
    weights_path: "/m.gguf",
    weights_bytes: gib,
    port: 4242,
    host: { memory_bytes: 16 * gib, gpu_count: 0, ...host },
  };
}

test("a new build gets every flag, and each slot its whole context", () => {
  expect(argumentsFor(launch(), recent_build).join(" ")).toBe(
    "-m /m.gguf --alias demo --host 127.0.0.1 --port 4242 -c 8192 -np 4 -lv 1 --metrics --no-slots --no-ui --jinja --offline --cors-origins localhost --threads-http 512 --cache-ram 1024",
  );
});

test("an old build gets the flags that it knows, and its own name for no web page", () => {
  const old = older("--metrics", "--no-webui");
  expect(argumentsFor(launch(), old).join(" ")).toBe(
    "-m /m.gguf --alias demo --host 127.0.0.1 --port 4242 -c 8192 -np 4 --metrics --no-webui",
  );
});

test("an old build is told to use the GPU; a new one finds out on its own", () => {
  const gpu = launch({}, { gpu_count: 1 });
  expect(argumentsFor(gpu, older()).join(" ")).toContain("-ngl 999");
  expect(argumentsFor(gpu, recent_build)).not.toContain("-ngl");
  const processors = launch({ devices: ["cpu"] }, { gpu_count: 1 });
  expect(argumentsFor(processors, older())).not.toContain("-ngl");
});

test("the prompt cache never takes more than 8 GiB, and little of a small host", () => {
  const cacheOf = (memory_bytes: number) =>
    argumentsFor(launch({}, { memory_bytes }), recent_build).at(-1);
  expect([cacheOf(512 * gib), cacheOf(2 * gib)]).toEqual(["8192", "128"]);
});

test("a small model is not spread over threads", () => {
  const small = { ...launch(), weights_bytes: 4_000_000 };
  expect(argumentsFor(small, recent_build).join(" ")).toEndWith(" -t 1 -tb 1");
  expect(argumentsFor(launch(), recent_build)).not.toContain("-t");
});

test("extra arguments come last and may set what the agent does not decide", () => {
  const args = ["--temp", "0", "-ngl", "99", "--reasoning_format=none"];
  expect(argumentsFor(launch({ args }), recent_build).slice(-6)).toEqual([
    ...["--temp", "0", "-ngl", "99", "--reasoning-format", "none"],
  ]);
});

test.each([
  "--host",
  "--port=1",
  "-m",
  "-hf",
  "-hfr",
  "--hf-repo",
  "--api-key",
  "--log-prompts-dir",
  "--log-file=/tmp/x",
  "-v",
  "--slots",
  "--slot-save-path",
  "--tools",
  "--agent",
  "--mcp-servers-json",
  "--rpc",
])("the argument %s is refused", (argument) => {
  expect(() => argumentsFor(launch({ args: ["--temp", "0", argument] }), recent_build)).toThrow(
    "may not be set for llama-server",
  );
});
