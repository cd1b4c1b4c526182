import { expect, test } from "bun:test";
import { runtimeEnvironment } from "./environment.ts";
import { parseMemoryKills } from "./memory-kills.ts";

test("a runtime gets what it needs of the environment, and neither secrets nor switches", () => {
  const passed = { PATH: "/bin", LC_ALL: "C", CUDA_VISIBLE_DEVICES: "0", LD_LIBRARY_PATH: "/l" };
  const kept = {
    HYPERVIZE_TOKEN: "x",
    HF_TOKEN: "x",
    AWS_SECRET_ACCESS_KEY: "x",
    LLAMA_ARG_LOG_PROMPTS_DIR: "/tmp",
    LLAMA_API_KEY: "x",
    HTTP_PROXY: "x",
    LD_PRELOAD: "x",
    TMPDIR: undefined,
  };
  expect(runtimeEnvironment({ ...passed, ...kept })).toEqual({ ...passed, HF_HUB_OFFLINE: "1" });
});

test("the kernel's count of memory kills is read from vmstat", () => {
  expect(parseMemoryKills("nr_free_pages 5\noom_kill 3\nthp 1\n")).toBe(3);
  expect(parseMemoryKills("nr_free_pages 5\n")).toBe(0);
});
