/**
 * What a replica may not be told by the one who asked for it. The control plane refuses it at once;
 * the agent refuses it too, because a host does not have to trust the control plane in this.
 */

/**
 * Arguments that the agent decides itself, or that would let a server write prompts to disk, reach
 * the network or run commands on the host.
 */
const ARGUMENTS =
  /^(?:-m|--model|-mu|--model-url|-dr|--docker-repo|-hf\w*|--hf-.*|-a|--alias|--host|--port|--path|--api-.*|--ssl-.*|--reuse-port|--log-.*|-v|--verbose|-lv|--verbosity|--slots|--slot-save-path|--media-path|--models-.*|--tools.*|--mcp-.*|-ag|--agent|--ui.*|--webui.*|--props|--rpc|--cors-.*)$/;

/**
 * What an endpoint may set for vLLM and SGLang. A list of what is good and not of what is bad: their parsers take
 * every unambiguous beginning of a flag for the flag, and many of their arguments load code, read files or call out.
 */
const ENGINE_ARGUMENTS: Readonly<Record<"vllm" | "sglang", ReadonlySet<string>>> = {
  vllm: new Set(
    `--dtype --quantization -q --kv-cache-dtype --block-size --seed --swap-space --cpu-offload-gb --max-num-seqs
    --max-num-batched-tokens --max-model-len --gpu-memory-utilization --kv-cache-memory-bytes --enforce-eager
    --enable-prefix-caching --no-enable-prefix-caching --enable-chunked-prefill --no-enable-chunked-prefill
    --async-scheduling --no-async-scheduling --enable-expert-parallel --disable-custom-all-reduce --max-logprobs
    --limit-mm-per-prompt --enable-auto-tool-choice --tool-call-parser --reasoning-parser --generation-config
    --override-generation-config --default-chat-template-kwargs --chat-template-content-format --tokenizer-mode
    --config-format --load-format --safetensors-load-strategy --runner --convert --task --rope-scaling --rope-theta
    --long-prefill-token-threshold --max-num-partial-prefills --scheduling-policy --language-model-only`.split(
      /\s+/,
    ),
  ),
  sglang: new Set(
    `--dtype --quantization --kv-cache-dtype --mem-fraction-static --max-running-requests --max-total-tokens
    --chunked-prefill-size --max-prefill-tokens --schedule-policy --schedule-conservativeness --page-size
    --disable-radix-cache --disable-cuda-graph --cuda-graph-max-bs --attention-backend --sampling-backend
    --tool-call-parser --reasoning-parser --is-embedding --enable-torch-compile --enable-mixed-chunk --random-seed
    --load-format --tokenizer-mode --stream-interval --enable-p2p-check --disable-overlap-schedule --ep-size
    --context-length --enable-multimodal`.split(/\s+/),
  ),
};

/**
 * Variables that load code into a process, choose its devices, or set an argument behind the agent's
 * back (llama.cpp reads LLAMA_ARG_*; GGML_BACKEND_PATH is a library that it loads).
 */
const VARIABLES =
  /^(?:PATH|HOME|TMPDIR|SHELL|ENV|BASH_ENV|LD_.*|DYLD_.*|GLIBC_TUNABLES|GCONV_PATH|PYTHON.*|NODE_OPTIONS|BUN_.*|LLAMA_.*|GGML_BACKEND_PATH|HF_.*|HUGGING_?FACE_.*|HYPERVIZE_.*|SGL_.*|SGLANG_.*|TRANSFORMERS_.*|TORCH.*|TRITON_.*|VLLM_(?!ATTENTION_BACKEND$|USE_|ALLOW_LONG_MAX_MODEL_LEN$|WORKER_MULTIPROC_METHOD$|ENABLE_V1_).*|(?:CUDA|NVIDIA|HIP|ROCR|GPU)_VISIBLE_DEVICES|CUDA_INJECTION.*)$/i;

/** The sentence to refuse ARGS of RUNTIME with; undefined when they are good. */
export function refusedArgument(
  args: readonly string[],
  runtime: string = "llama-server",
): string | undefined {
  // Without its value, which may be a secret.
  const flags = args.map((argument) => argument.split("=")[0] ?? "");
  if (runtime === "vllm" || runtime === "sglang") {
    const known = ENGINE_ARGUMENTS[runtime];
    const odd = flags.find((flag) => isFlag(flag) && !known.has(flag.replaceAll("_", "-")));
    if (odd === undefined) return undefined;
    return `The argument ${odd} may not be set for ${runtime}. Write a flag in full; those that load code, open files or move ports are refused.`;
  }
  const refused = flags.find((flag) => ARGUMENTS.test(flag));
  if (refused === undefined) return undefined;
  return `The argument ${refused} may not be set for a replica. Remove it.`;
}

/** A value can be a negative number. */
const isFlag = (word: string): boolean => /^-+\D/.test(word);

/** The sentence to refuse variables of these NAMES with; undefined when they are good. */
export function refusedVariable(names: readonly string[]): string | undefined {
  const odd = names.find((name) => !/^[A-Za-z_]\w{0,127}$/.test(name));
  if (odd !== undefined) {
    return `${JSON.stringify(odd.slice(0, 128))} is no name of a variable. Use letters, digits and _.`;
  }
  const refused = names.find((name) => VARIABLES.test(name));
  if (refused === undefined) return undefined;
  return `The variable ${refused} may not be set for a replica. Remove it.`;
}
