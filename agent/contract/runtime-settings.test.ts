import { expect, test } from "bun:test";
import { refusedArgument, refusedVariable } from "./runtime-settings.ts";

test("usual arguments and variables are good", () => {
  expect(refusedArgument(["--temp", "0.7", "-ngl", "99", "--max-model-len=4096"])).toBeUndefined();
  expect(refusedVariable(["OMP_NUM_THREADS", "NCCL_DEBUG", "VLLM_USE_V1", "_x"])).toBeUndefined();
});

test.each(["--host", "--port=1", "-m", "--log-file", "--api-key=secret", "--rpc"])(
  "the argument %s is refused by its name, without its value",
  (argument) => {
    const flag = argument.split("=")[0];
    expect(refusedArgument(["--temp", argument])).toBe(
      `The argument ${flag} may not be set for a replica. Remove it.`,
    );
  },
);

test.each([
  "PATH",
  "path",
  "LD_PRELOAD",
  "DYLD_INSERT_LIBRARIES",
  "PYTHONPATH",
  "LLAMA_ARG_HOST",
  "GGML_BACKEND_PATH",
  "HF_TOKEN",
  "CUDA_VISIBLE_DEVICES",
])("the variable %s is refused", (name) => {
  expect(refusedVariable(["OK", name])).toContain(`${name} may not be set`);
});

test.each(["", "A=B", "A B", "1A", "A\0", "Ä"])("%j is no name of a variable", (name) => {
  expect(refusedVariable([name])).toContain("is no name of a variable");
});

test.each([
  ["vllm", ["--max-num-seqs", "8", "--enforce-eager", "--kv_cache_dtype=fp8", "--seed", "-1"]],
  ["sglang", ["--max-running-requests=8", "--disable-radix-cache"]],
])("what an endpoint may set for %s is a list", (runtime, args) => {
  expect(refusedArgument(args, runtime)).toBeUndefined();
});

test.each([
  "--trust-remote-code",
  "--trust-rem",
  "--middleware=own.py",
  "--api_key",
  "-O3",
  "--host",
])("%s is on no list, and neither are beginnings of flags", (argument) => {
  for (const runtime of ["vllm", "sglang"]) {
    expect(refusedArgument([argument], runtime)).toContain("may not be set");
  }
});

test.each(["VLLM_SERVER_DEV_MODE", "VLLM_PLUGINS", "SGLANG_X", "TRANSFORMERS_OFFLINE"])(
  "the variable %s is refused",
  (name) => {
    expect(refusedVariable([name])).toContain("may not be set");
  },
);
