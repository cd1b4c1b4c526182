import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { logTail } from "../process/log.ts";
import { StartError } from "../replicas/start-error.ts";
import { classifySglang, classifyVllm } from "./engine-failure.ts";
import type { Death } from "./runtime.ts";

const died = (log_tail: readonly string[], changes: Partial<Death> = {}): Death => ({
  exit: { code: 1, signal: undefined },
  log_tail,
  was_ready: false,
  out_of_memory_kills: false,
  ...changes,
});

function verdict(found: StartError | "port_taken"): string {
  if (!(found instanceof StartError)) return found;
  return `${found.failure_class} ${found.retry ? "again" : "final"}: ${found.message}`;
}

/** Recorded with vLLM 0.32.0 on processors; of routes and marks below source lines a part is left out. */
const samples = join(import.meta.dir, "samples/vllm-0.32");
const sample = (name: string): string[] => logTail(join(samples, `${name}.txt`));
const damaged = "config final: The weights are damaged or incomplete. Copy or download them again.";
const nothing = "runtime_crash again: vLLM ended with exit code 1 while it was starting";

const recorded: Readonly<Record<string, string>> = {
  arch: "config final: It does not know the model architecture FooForCausalLM. Install a newer version.",
  dtype: "config final: It does not know or accept the argument --dtype. Remove or correct it.",
  flag: "config final: It does not know or accept the argument --swap-space. Remove or correct it.",
  guard:
    "config final: Its Python environment lacks the module hypervize_guard. Install the runtime again.",
  html: damaged,
  kvsmall:
    "out_of_memory final: The context does not fit beside the weights. It fits with at most 2097024 tokens.",
  lfs: damaged,
  maxlen: "config final: The model takes a context of at most 4096 tokens. Use a smaller one.",
  noconfig:
    "config final: The model has no config.json that can be read. Copy or download it again.",
  noparser:
    "config final: Its arguments do not go together: --enable-auto-tool-choice requires --tool-call-parser.",
  parser:
    "config final: It does not have the tool call parser: nonsense. Use another one, or a newer version.",
  port: "port_taken",
  quantflag:
    "config final: It refuses the model or its settings: Cannot find the config file for awq.",
  remotecode:
    "config final: The model brings its own code, which is not run here. Use a version of it for this runtime, or another model.",
  shard: damaged,
  sleepmode:
    "config final: It refuses the model or its settings: Sleep mode is not supported on current platform.",
  truncated: damaged,
};
/** These became ready, and were ended from outside. */
const good = ["good-start", "dropped", "notok", "pooling"];

test("every recorded log is in one of the two lists", () => {
  const names = readdirSync(samples).map((name) => name.replace(".txt", ""));
  expect(names.sort()).toEqual([...Object.keys(recorded), ...good].sort());
});

test.each(Object.entries(recorded))("the recorded failure %s is named", (name, expected) => {
  expect(verdict(classifyVllm(died(sample(name))))).toBe(expected);
});

test.each(good)("nothing in the log of the good start %s is a cause", (name) => {
  expect(verdict(classifyVllm(died(sample(name))))).toStartWith(nothing);
  expect(verdict(classifySglang(died(sample(name))))).toStartWith(
    nothing.replace("vLLM", "SGLang"),
  );
});

test.each(Object.entries(recorded))(
  "%s is named as well after a good start's log",
  (name, expected) => {
    // Each line of it is news of the same processes, or of others that had another end.
    const log = [...sample("good-start").slice(0, 60), ...sample(name)];
    expect(verdict(classifyVllm(died(log)))).toBe(expected);
  },
);

test("a person is shown the lines around the cause, not the end of another process's traceback", () => {
  const refusal = classifyVllm(died(sample("kvsmall")));
  if (!(refusal instanceof StartError)) throw new Error(refusal);
  expect(refusal.log_lines.at(-1)).toContain("estimated maximum model length is 2097024");
  expect(refusal.log_lines.length).toBeLessThanOrEqual(20);
});

const core = "(EngineCore_DP0 pid=132)";
const start = `${core} INFO 03-09 12:54:00 [core.py:101] Initializing a V1 LLM engine (v0.16.1) with config: model='/m', trust_remote_code=False, dtype=torch.bfloat16`;
/** As vLLM of each time prints the same exception: V1 with and without names of processes, and V0. */
const shapes: Readonly<Record<string, (cause: string) => string[]>> = {
  "0.11 and later": (cause) => [
    start,
    `${core} ERROR 03-09 12:56:44 [core.py:1100] EngineCore failed to start.`,
    `${core} ERROR 03-09 12:56:44 [core.py:1100] Traceback (most recent call last):`,
    ...frames(`${core} ERROR 03-09 12:56:44 [core.py:1100]`, 20),
    `${core} ERROR 03-09 12:56:44 [core.py:1100] ${cause}`,
    `${core} Process EngineCore_DP0:`,
    ...frames(core, 20),
    `${core} ${cause}`,
    "(APIServer pid=1) Traceback (most recent call last):",
    ...frames("(APIServer pid=1)", 63),
    "(APIServer pid=1) RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {}",
  ],
  "0.8 to 0.10": (cause) => [
    "INFO 07-17 00:07:07 [core.py:69] Initializing a V1 LLM engine (v0.9.2) with config: model='m', trust_remote_code=False",
    "WARNING 07-17 00:07:08 [custom_ops.py:20] Failed to import from vllm._C with ModuleNotFoundError(\"No module named 'vllm._C'\")",
    "ERROR 07-17 00:07:09 [core.py:515] EngineCore failed to start.",
    "ERROR 07-17 00:07:09 [core.py:515] Traceback (most recent call last):",
    ...frames("ERROR 07-17 00:07:09 [core.py:515]", 12),
    `ERROR 07-17 00:07:09 [core.py:515] ${cause}`,
    "Process EngineCore_0:",
    "Traceback (most recent call last):",
    ...frames("", 12),
    cause,
    "[rank0]:[W717 00:07:10.1 ProcessGroupNCCL.cpp:1476] Warning: WARNING: destroy_process_group() was not called before program exit, which can leak resources: CUDA error: no CUDA-capable device",
    "Traceback (most recent call last):",
    ...frames("", 40),
    "RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {}",
  ],
  "0.6": (cause) => [
    "INFO 12-17 10:00:00 llm_engine.py:249] Initializing an LLM engine (v0.6.4.post1) with config: model='m', trust_remote_code=False",
    "ERROR 12-17 10:00:20 engine.py:366] Traceback (most recent call last):",
    `ERROR 12-17 10:00:20 engine.py:366] ${cause}`,
    "Process SpawnProcess-1:",
    "Traceback (most recent call last):",
    ...frames("", 30),
    cause,
    "INFO 12-17 10:00:21 multiproc_worker_utils.py:133] Terminating local vLLM worker processes",
    "RuntimeError: Engine process failed to start. See stack trace for the root cause.",
  ],
};
function frames(head: string, count: number): string[] {
  return Array.from({ length: count }, (_, at) =>
    `${head}   File "vllm/v1/engine/core.py", line ${at}, in x`.trim(),
  );
}

const causes: readonly [cause: string, expected: string][] = [
  [
    "ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization` when initializing the engine.",
    "out_of_memory final: The weights leave no memory",
  ],
  [
    "ValueError: To serve at least one request with the models's max seq len (32768), 14.50 GiB KV cache is needed, which is larger than the available KV cache memory (6.20 GiB). Based on the available memory, the estimated maximum model length is 14000.",
    "out_of_memory final: The context does not fit beside the weights. It fits with at most 14000 tokens.",
  ],
  [
    "ValueError: The model's max seq len (8192) is larger than the maximum number of tokens that can be stored in KV cache (5072). Try increasing `gpu_memory_utilization`",
    "out_of_memory final: The context does not fit beside the weights. It fits with at most 5072 tokens.",
  ],
  [
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.",
    "out_of_memory again: There was not enough GPU memory.",
  ],
  [
    "RuntimeError: CUDA driver error: out of memory",
    "out_of_memory again: There was not enough GPU",
  ],
  [
    "ValueError: Free memory on device cuda:0 (12.18/23.56 GiB) on startup is less than desired GPU memory utilization (0.9, 21.2 GiB).",
    "out_of_memory again: Another program holds memory of the GPU (12.18/23.56 GiB free of all).",
  ],
  ["safetensors_rust.SafetensorError: Error while deserializing header: HeaderTooLarge", damaged],
  [
    "RuntimeError: CUDA error: CUDA driver version is insufficient for CUDA runtime version",
    "driver again: The GPU driver is missing",
  ],
  [
    "RuntimeError: NCCL error: unhandled system error (run with NCCL_DEBUG=INFO for details)",
    "runtime_crash again: Its GPUs could not communicate with each other (NCCL: unhandled system error).",
  ],
  [
    "json.decoder.JSONDecodeError: Expecting value: line 1 column 19 (char 18)",
    "config final: A JSON file of the model is damaged or incomplete.",
  ],
  [
    "ValueError: Total number of attention heads (14) must be divisible by tensor parallel size (4).",
    "config final: The model cannot be split this way: Total number of attention heads (14) must be",
  ],
  ["RuntimeError: CUDA error: invalid device ordinal", "driver again: It sees fewer GPUs than"],
  ["OSError: [Errno 28] No space left on device", "disk_full again: The host's disk is full."],
  [
    "KeyError: 'layers.0.mlp.experts.w2_bias'",
    "runtime_crash again: vLLM ended with exit code 1 while it was starting: KeyError: 'layers.0.mlp",
  ],
];
const inEachShape = Object.entries(shapes).flatMap(([version, log]) =>
  causes.map(([cause, expected]) => ({ version, cause, expected, log: log(cause) })),
);

test.each(inEachShape)("vLLM $version: $cause", ({ log, expected }) => {
  expect(verdict(classifyVllm(died(log)))).toStartWith(expected);
});

test("with the end of the log alone in view nothing is made up", () => {
  const end = sample("kvsmall").slice(-20);
  expect(verdict(classifyVllm(died(end)))).toBe(`${nothing}.`);
});

test.each([
  ["INFO", "INFO 11-30 23:17:09 [x.py:1] CUDA out of memory is avoided by chunks"],
  [
    "WARNING",
    `${core} WARNING 11-30 23:17:09 [x.py:1] torch.OutOfMemoryError: CUDA out of memory.`,
  ],
  [
    "a warning of Python",
    "/venv/torch/cuda/__init__.py:12: UserWarning: The NVIDIA driver on your system is too old",
  ],
  ["a warning of PyTorch", "[W1130 23:16:56.9 utils.cpp:68] Warning: CUDA error: out of memory"],
  [
    "another library's warning",
    "2026-11-30 10:00:00,123 - WARNING - flashinfer.jit: No module named 'deep_gemm'",
  ],
  [
    "SGLang's warning",
    "[2026-11-30 10:00:00 TP0] WARNING server_args.py:9: CUDA out of memory may follow",
  ],
  [
    "what SGLang says without a level",
    "[2026-11-30 10:00:00 TP0] Custom allreduce is off: no CUDA-capable device with peer access",
  ],
  [
    "what it outlived",
    `ERROR 11-30 10:00:00 [fa.py:1] Cannot use FA3: No module named 'flash_attn_3'\nINFO 11-30 10:00:01 [model.py:1] Resolved architecture: A`,
  ],
  [
    "an exception that was caught",
    "Traceback (most recent call last):\n  File \"x.py\", line 1, in <module>\nModuleNotFoundError: No module named 'triton_kernels'\nINFO 11-30 10:00:01 [core.py:1] Loading weights took 1 s",
  ],
])("%s is no cause, whatever it looks like", (_, text) => {
  const log = text.split("\n");
  expect(verdict(classifyVllm(died(log)))).toBe(`${nothing}.`);
  // Nor does it hide the real one.
  const [, expected] = causes[6] ?? ["", ""];
  const [cause] = causes[6] ?? [""];
  expect(verdict(classifyVllm(died([...log, cause])))).toBe(expected);
});

test("an architecture that could not be looked into is not reported as one that it does not know", () => {
  const line =
    "(APIServer pid=1)   Value error, Model architectures ['LlamaForCausalLM'] failed to be inspected. Please check the logs for more details.";
  expect(verdict(classifyVllm(died([line])))).toBe(
    "runtime_crash again: It could not look into the model's architecture: its log says why.",
  );
  const why =
    "ERROR 03-09 12:54:00 [registry.py:9] ValueError: invalid literal for int() with base 10: 'GPU-1c0f'";
  expect(verdict(classifyVllm(died([why, line])))).toStartWith(
    "config final: This version does not take a GPU by its UUID (GPU-1c0f)",
  );
});

const sigkill = { exit: { code: undefined, signal: "SIGKILL" } } as const;

test.each([
  [
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.",
    "out_of_memory again: There was not",
  ],
  [
    "RuntimeError: Not enough memory. Please try to increase --mem-fraction-static. Current value: mem_fraction_static=0.9",
    "out_of_memory final: The weights leave",
  ],
  ["RuntimeError: Found no NVIDIA driver on your system.", "driver again: The GPU driver"],
])("SGLang kills itself when a scheduler has died: %s", (cause, expected) => {
  const log = [
    "[2026-03-03 03:53:35 TP3] Scheduler hit an exception: Traceback (most recent call last):",
    '  File "sglang/srt/managers/scheduler.py", line 3130, in run_scheduler_process',
    "    scheduler = Scheduler(",
    cause,
    "",
    "[2026-03-03 03:53:36] Received sigquit from a child process. It usually means the child failed.",
  ];
  const death = died(log, { ...sigkill, out_of_memory_kills: true });
  expect(verdict(classifySglang(death))).toStartWith(expected);
});

test("a kill from outside, which no line explains, is reported as one", () => {
  const log = sample("good-start");
  expect(verdict(classifyVllm(died(log, sigkill)))).toStartWith(
    "runtime_crash again: vLLM was ended by SIGKILL while it was starting",
  );
  const forMemory = died(log, { ...sigkill, out_of_memory_kills: true });
  expect(verdict(classifyVllm(forMemory))).toStartWith(
    "out_of_memory again: The kernel killed vLLM",
  );
});

test("a server that had served is not judged by an error that it outlived, and its exceptions are not quoted", () => {
  const log = [
    "(EngineCore pid=2) ERROR 11-30 10:00:00 [core.py:1] torch.OutOfMemoryError: CUDA out of memory.",
    "(EngineCore pid=2) INFO 11-30 10:00:01 [loggers.py:1] Avg prompt throughput: 1 tokens/s",
    "ValueError: the user's own words",
  ];
  expect(verdict(classifyVllm(died(log, { was_ready: true })))).toBe(
    "runtime_crash again: vLLM ended with exit code 1 while it was serving.",
  );
});
