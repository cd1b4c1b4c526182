import { expect, test } from "bun:test";
import { sglang, vllm } from "../settings/engines.ts";
import { llamaServer } from "../settings/llama-server.ts";
import { variables } from "../settings/variables.ts";
import { readArguments, refusedArgument, refusedVariable } from "./runtime-settings.ts";

const tables = { "llama-server": llamaServer, vllm, sglang };

test.each([
  ["llama-server", ["--temp", "0.7", "-ngl", "99", "--flash-attn", "on", "-s", "-1", "--jinja"]],
  [
    "llama-server",
    ["--chat-template", "{{ messages }}", "--override-kv", "qwen3moe.expert_used_count=int:4"],
  ],
  ["vllm", ["--max-num-seqs", "8", "--enforce-eager", "--seed", "-1", "-q", "awq_marlin"]],
  ["vllm", ["--hf-overrides", '{"architectures":["Qwen3ForSequenceClassification"]}']],
  ["sglang", ["--max-running-requests", "8", "--disable-radix-cache"]],
])("%s may be told %j", (runtime, args) => {
  expect(readArguments(args, runtime)).toEqual({ args });
});

test("what is passed on is what was understood: one spelling, one reading of JSON", () => {
  expect(readArguments(["--top_k=3", "-s=7"], "llama-server").args).toEqual([
    ...["--top-k", "3", "-s", "7"],
  ]);
  const twice = '{"image": 1, "image": 2}';
  expect(readArguments([`--limit_mm_per_prompt=${twice}`], "vllm").args).toEqual([
    ...["--limit-mm-per-prompt", '{"image":2}'],
  ]);
});

test.each([
  ["--mcp_servers_json", "it runs programs"],
  ["--mcp-servers-json={}", "it runs programs"],
  ["--log_file", "prompts must not reach the log"],
  ["--log-prompts-dir", "prompts must not reach the log"],
  ["-lv", "prompts must not reach the log"],
  ["--chat_template_file", "it opens a file on the host"],
  ["-lcd", "it opens a file on the host"],
  ["--model_url", "the endpoint's `model`"],
  ["-md", "a draft model"],
  ["--video-ffmpeg-dir", "it runs programs"],
  ["-c", "the endpoint's `context_tokens`"],
  ["--cache-ram", "`gpu`"],
  ["--sleep-idle-seconds", "the endpoint's `idle_timeout_s`"],
  ["--api_key=secret", "Hypervize's keys"],
  ["--no-metrics", "Write a flag in full"],
  ["--chat-template-f", "Write a flag in full"],
  ["--LOG-FILE", "Write a flag in full"],
  ["-_log-file", "Write a flag in full"],
  ["---log-file", "Write a flag in full"],
])("llama-server's %s is refused with why: %s", (argument, why) => {
  const refused = refusedArgument(["--temp", "0", argument, "x"], "llama-server");
  expect(refused).toContain("may not be set for llama-server");
  expect(refused).toContain(why);
  expect(refused).not.toContain("secret");
});

test.each(["llama-server", "vllm", "sglang"] as const)(
  "no value of %s is a path, an address, or nothing",
  (runtime) => {
    const taken = [...tables[runtime].allowed].flatMap(([flag, value]) =>
      ["/etc/passwd", "../x", "~/x", "file:///etc/passwd", "http://127.0.0.1/", "a\0b", ""]
        .filter((text) => refusedArgument([flag, text], runtime) === undefined)
        .concat(value !== null && refusedArgument([flag], runtime) === undefined ? [flag] : [])
        .map((text) => `${flag} ${text}`),
    );
    expect(taken).toEqual([]);
  },
);

test.each([
  ["llama-server", "--trust-remote-code"],
  ["vllm", "--trust_remote_code"],
  ["vllm", "--trust-rem"],
  ["vllm", "--middleware=own.py"],
  ["vllm", "-O3"],
  ["vllm", "--api_key"],
  ["vllm", "--hf-overrides.auto_map=x"],
  ["vllm", "--gpu-memory-utilization"],
  ["vllm", "--max-model-len=131072"],
  ["sglang", "--enable-custom-logit-processor"],
  ["sglang", "--context-length"],
  ["sglang", "--mem-fraction-static"],
])("%s may not be told %s", (runtime, argument) => {
  expect(refusedArgument([argument], runtime)).toContain("may not be set for");
});

test.each([
  ["llama-server", ["--temp", "--log-file"], "must be a number"],
  ["llama-server", ["--temp", "1e99"], "must be a number"],
  ["llama-server", ["-ngl", "20"], "placement sets aside"],
  ["llama-server", ["-fa", "off"], "one of on, auto"],
  ["llama-server", ["-ctk", "f32"], "one of f16"],
  ["llama-server", ["-ub", "65536"], "from 1 to 2048"],
  ["llama-server", ["--jinja=off"], "takes no value"],
  ["llama-server", ["--chat-template-kwargs", '{"a":"/etc/passwd"}'], "a JSON object"],
  ["vllm", ["--load-format", "pt"], "one of auto"],
  ["vllm", ["--generation-config", "folder"], "one of auto, vllm"],
  ["vllm", ["--hf-overrides", '{"auto_map":{"AutoModel":"x--y.Z"}}'], "and nothing else"],
  ["vllm", ["--compilation-config", '{"cache_dir":"x"}'], "and nothing else"],
  ["vllm", ["--speculative-config", '{"method":"ngram","model":"org/x"}'], "and nothing else"],
  ["vllm", ["--default-chat-template-kwargs", '{"chat_template":"{{x}}"}'], "a JSON object"],
  ["vllm", ["--dtype", "float32"], "one of auto"],
])("%s: %j is refused by its value", (runtime, args, must) => {
  const refused = refusedArgument(args, runtime);
  expect(refused).toContain("The ");
  expect(refused).toContain(must);
});

test("a word that belongs to no flag is refused", () => {
  expect(refusedArgument(["--seed", "1", "/etc/passwd"], "vllm")).toContain("Word 3");
  expect(refusedArgument(["--enforce-eager", "true"], "vllm")).toContain("Word 2");
  expect(refusedArgument(["@file"], "vllm")).toContain("Word 1");
  expect(refusedArgument(["--"], "llama-server")).toContain("Word 1");
});

test("usual variables are good", () => {
  const env = { OMP_NUM_THREADS: "8", NCCL_DEBUG: "WARN", VLLM_USE_V1: "1", TZ: "Europe/Berlin" };
  expect(refusedVariable(env)).toBeUndefined();
  expect(refusedVariable({ PYTORCH_CUDA_ALLOC_CONF: "expandable_segments:True" })).toBeUndefined();
});

test.each([
  ...["PATH", "path", "LD_PRELOAD", "DYLD_INSERT_LIBRARIES", "PYTHONPATH", "CC", "CXX"],
  ...["LLAMA_ARG_HOST", "LLAMA_ARG_CHAT_TEMPLATE_FILE", "LLAMA_API_KEY", "GGML_BACKEND_PATH"],
  ...["HF_TOKEN", "CUDA_VISIBLE_DEVICES", "MTMD_BACKEND_DEVICE", "OPENSSL_CONF", "OPENSSL_ENGINES"],
  ...[
    "OMP_TOOL_LIBRARIES",
    "VK_ICD_FILENAMES",
    "VK_LAYER_PATH",
    "NCCL_NET_PLUGIN",
    "SSLKEYLOGFILE",
  ],
  ...[
    "NVCC_PREPEND_FLAGS",
    "CUDA_HOME",
    "http_proxy",
    "HTTPS_PROXY",
    "XDG_CACHE_HOME",
    "NCCL_DEBUG_FILE",
  ],
  ...["VLLM_SERVER_DEV_MODE", "VLLM_PLUGINS", "VLLM_USE_RUST_FRONTEND", "VLLM_USE_MODELSCOPE"],
  ...["SGLANG_X", "TRANSFORMERS_OFFLINE", "tz", "_x", "ANYTHING"],
])("the variable %s is refused", (name) => {
  expect(refusedVariable({ TZ: "UTC", [name]: "1" })).toContain(`${name} may not be set`);
});

test.each([
  ["TZ", ":/etc/passwd"],
  ["TZ", "../../etc/passwd"],
  ["OMP_NUM_THREADS", "many"],
  ["NCCL_DEBUG", "TRACE"],
  ["VLLM_LOGGING_LEVEL", "DEBUG"],
  ["PYTORCH_CUDA_ALLOC_CONF", "backend:x"],
])("the variable %s is not %s", (name, text) => {
  const refused = refusedVariable({ [name]: text });
  expect(refused).toContain(`The variable ${name} must be`);
  expect(refused).not.toContain(text);
});

test("no variable is a path or an address", () => {
  const wrong = ["/etc/passwd", "../x", "~/x", "file:///x", "http://x", "x.so", "$(id)", ""];
  const taken = [...variables.keys()].flatMap((name) =>
    wrong
      .filter((text) => refusedVariable({ [name]: text }) === undefined)
      .map((text) => [name, text]),
  );
  expect(taken).toEqual([]);
});

test.each(["", "A=B", "A B", "1A", "A\0", "Ä"])("%j is no name of a variable", (name) => {
  expect(refusedVariable({ [name]: "1" })).toContain("is no name of a variable");
});
