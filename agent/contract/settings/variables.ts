/**
 * The variables that people may set for a runtime. Any other one may name a library, a program, a proxy or a file to
 * the dozens of libraries in an engine, or set an argument behind the agent's back.
 */
import { matching, number, oneOf, type Value, whole } from "./value.ts";

const flag = oneOf("0", "1");
const count = whole(0, 1024);

/** `NVLS,^PAT`, `Tree,Ring`, and NCCL's rules by operation. */
const choice = matching(/^[\^A-Za-z0-9_,:;]{1,128}$/, "names parted by commas");
/** A name of the zone's files; `:PATH` and `../` are ways out of them. */
const zone = matching(
  /^[A-Z][A-Za-z_]{1,31}(?:\/[A-Z][A-Za-z_+-]{1,31}){0,2}(?:[+-]?\d{1,2})?$/,
  "the name of a time zone, such as Europe/Berlin",
);
const locale = matching(/^(?:C|POSIX|[a-z]{2,3}_[A-Z]{2})(?:\.(?:UTF-8|utf8))?$/, "like C.UTF-8");
const allocator = matching(
  /^(?:,?(?:expandable_segments:(?:True|False)|max_split_size_mb:\d{1,6}|garbage_collection_threshold:0?\.\d{1,4}|roundup_power2_divisions:\d{1,4}|max_non_split_rounding_mb:\d{1,6}))+$/,
  "like expandable_segments:True,max_split_size_mb:512",
);
const architectures = matching(
  /^\d{1,2}\.\d[a-z]?(?:\+PTX)?(?:[ ;]\d{1,2}\.\d[a-z]?(?:\+PTX)?){0,15}$/,
  "like 8.0;9.0",
);

const rows: readonly (readonly [names: string, value: Value])[] = [
  ["OMP_NUM_THREADS MKL_NUM_THREADS OPENBLAS_NUM_THREADS RAYON_NUM_THREADS", whole(1, 1024)],
  ["NUMEXPR_NUM_THREADS VLLM_CPU_NUM_OF_RESERVED_CPU", count],
  ["OMP_PROC_BIND", oneOf("true", "false", "close", "spread")],
  ["OMP_WAIT_POLICY", oneOf("active", "passive", "ACTIVE", "PASSIVE")],
  ["TOKENIZERS_PARALLELISM", oneOf("true", "false", "0", "1")],
  ["TZ", zone],
  ["LANG LC_ALL", locale],
  ["NCCL_DEBUG", oneOf("VERSION", "WARN", "INFO")],
  ["NCCL_P2P_DISABLE NCCL_IB_DISABLE NCCL_SHM_DISABLE NCCL_NVLS_ENABLE", flag],
  ["NCCL_CUMEM_ENABLE NCCL_CUMEM_HOST_ENABLE NCCL_GRAPH_MIXING_SUPPORT", flag],
  ["NCCL_P2P_LEVEL NCCL_NET_GDR_LEVEL", oneOf("LOC", "NVL", "PIX", "PXB", "PHB", "SYS")],
  ["NCCL_ALGO NCCL_PROTO", choice],
  ["NCCL_MIN_NCHANNELS NCCL_MAX_NCHANNELS NCCL_NTHREADS", count],
  ["NCCL_BUFFSIZE", whole(1, 67_108_864)],
  ["TORCH_NCCL_BLOCKING_WAIT TORCH_NCCL_ASYNC_ERROR_HANDLING", flag],
  ["TORCH_NCCL_AVOID_RECORD_STREAMS TORCH_NCCL_HIGH_PRIORITY", flag],
  ["TORCH_CUDA_ARCH_LIST", architectures],
  ["TORCH_ALLOW_TF32_CUBLAS_OVERRIDE NVIDIA_TF32_OVERRIDE", flag],
  ["PYTORCH_CUDA_ALLOC_CONF PYTORCH_ALLOC_CONF", allocator],
  ["CUDA_LAUNCH_BLOCKING CUDA_FORCE_PTX_JIT", flag],
  ["CUDA_DEVICE_MAX_CONNECTIONS", whole(1, 32)],
  ["CUDA_MODULE_LOADING", oneOf("LAZY", "EAGER")],
  ["CUBLAS_WORKSPACE_CONFIG", matching(/^:\d{1,5}:\d{1,3}$/, "like :4096:8")],
  ["GGML_CUDA_DISABLE_GRAPHS GGML_CUDA_NO_PINNED GGML_CUDA_GRAPH_OPT", flag],
  ["GGML_CUDA_FORCE_CUBLAS_COMPUTE_16F GGML_CUDA_FORCE_CUBLAS_COMPUTE_32F", flag],
  ["GGML_CUDA_DISABLE_FUSION GGML_CUDA_P2P", flag],
  ["VLLM_ATTENTION_BACKEND", matching(/^[A-Z][A-Z0-9_]{1,63}$/, "a name in capitals")],
  ["VLLM_LOGGING_LEVEL", oneOf("INFO", "WARNING", "ERROR")],
  ["VLLM_LOG_STATS_INTERVAL", number(0.1, 86_400)],
  ["VLLM_WORKER_MULTIPROC_METHOD", oneOf("spawn", "fork")],
  ["VLLM_FLASH_ATTN_VERSION", whole(2, 4)],
  ["VLLM_EXECUTE_MODEL_TIMEOUT_SECONDS VLLM_ENGINE_READY_TIMEOUT_S", whole(1, 86_400)],
  ["VLLM_RPC_TIMEOUT", whole(1, 86_400_000)],
  ["VLLM_ALLOW_LONG_MAX_MODEL_LEN VLLM_ENABLE_V1_MULTIPROCESSING", flag],
  ["VLLM_USE_V1 VLLM_USE_TRITON_FLASH_ATTN VLLM_USE_TRITON_AWQ", flag],
  ["VLLM_USE_FLASHINFER_SAMPLER VLLM_USE_DEEP_GEMM VLLM_USE_DEEP_GEMM_E8M0", flag],
  ["VLLM_USE_FLASHINFER_MOE_FP16 VLLM_USE_FLASHINFER_MOE_FP8", flag],
  ["VLLM_USE_FLASHINFER_MOE_FP4 VLLM_USE_FLASHINFER_MOE_MXFP4_MXFP8", flag],
  ["VLLM_USE_FLASHINFER_MOE_MXFP4_BF16 VLLM_USE_AOT_COMPILE", flag],
  ["VLLM_USE_STANDALONE_COMPILE VLLM_USE_BYTECODE_HOOK", flag],
  ["VLLM_DISABLE_COMPILE_CACHE VLLM_MARLIN_USE_ATOMIC_ADD", flag],
  ["VLLM_TEST_FORCE_FP8_MARLIN", flag],
  ["SGLANG_ALLOW_OVERWRITE_LONGER_CONTEXT_LEN SGL_ENABLE_JIT_DEEPGEMM", flag],
  ["SGLANG_ENABLE_JIT_DEEPGEMM", flag],
];

export const variables: ReadonlyMap<string, Value> = new Map(
  rows.flatMap(([names, value]) => names.split(" ").map((each) => [each, value] as const)),
);

/** For those that people are likely to look for, what to use instead. The first that fits counts. */
export const instead: readonly (readonly [RegExp, string])[] = [
  [/^LLAMA_ARG_/i, "Write what it sets in `args`."],
  [/^(?:HF_TOKEN|HUGGING_?FACE_HUB_TOKEN)$/i, "Use the endpoint's `hf_token`."],
  [/^(?:CUDA|NVIDIA|HIP|ROCR|GPU)_(?:VISIBLE_DEVICES|DEVICE_ORDER)$/i, "Choose GPUs with `gpu`."],
  [/_proxy$/i, "Runtimes call nobody. The agent's own environment says how weights are fetched."],
  [
    /^(?:GGML_CUDA_ENABLE_UNIFIED_MEMORY|VLLM_CPU_KVCACHE_SPACE)$/i,
    "Placement has set aside the memory that it would change.",
  ],
  [/^VLLM_(?:LOGGING_|DEBUG|TRACE)|_LOG(?:_|$)/i, "Prompts must not reach the log."],
];
