import { classifierOf, type Symptom } from "./symptom.ts";

/**
 * What vLLM and SGLang print before they die; both are PyTorch programs and share most of it. Texts as in
 * vLLM `v1/core/kv_cache_utils.py`, `v1/worker/utils.py`, `config/model.py` (0.11 to 0.30) and SGLang
 * `srt/mem_cache/memory_pool`, `srt/configs/model_config.py` (0.4 to 0.5).
 */
const SYMPTOMS: readonly Symptom[] = [
  {
    pattern: /unrecognized arguments?: (\S+)|argument (--\S+): invalid|(--\S+): expected/,
    failure_class: "config",
    sentence: "It does not know or accept the argument $1. Remove or correct it.",
    retry: false,
  },
  {
    pattern: /Free memory on device \S* ?\(([^)]+)\) on startup is less than desired/,
    failure_class: "out_of_memory",
    sentence:
      "Another program holds memory of the GPU ($1 free of all). End it, or wait until it is done: `nvidia-smi` shows it.",
    retry: true,
  },
  {
    pattern: /estimated maximum model length is (\d+)|Estimated maximum model length is (\d+)/,
    failure_class: "out_of_memory",
    sentence: "The context does not fit beside the weights. It fits with at most $1 tokens.",
    retry: false,
  },
  {
    pattern:
      /No available memory for the cache blocks|KV cache is needed, which is larger than|Please try to increase --mem-fraction-static/,
    failure_class: "out_of_memory",
    sentence: "The weights leave no memory for the context. Use a smaller context or more GPUs.",
    retry: false,
  },
  {
    pattern: /OutOfMemoryError|CUDA (?:error: )?out of memory|cudaErrorMemoryAllocation/i,
    failure_class: "out_of_memory",
    sentence: "There was not enough GPU memory. Use a smaller context, fewer slots or more GPUs.",
    retry: true,
  },
  {
    pattern: /No space left on device.*shm|\/dev\/shm.*(?:No space|too small)|Bus error/i,
    failure_class: "out_of_memory",
    sentence: "Shared memory (/dev/shm) is too small for several GPUs. Make it 10 GB or larger.",
    retry: false,
  },
  {
    pattern: /Model architectures \[?'?([\w', ]+?)'?\]? (?:are|failed)/,
    failure_class: "config",
    sentence: "It does not know the model architecture $1. Install a newer version.",
    retry: false,
  },
  {
    pattern: /trust[_-]remote[_-]code/i,
    failure_class: "config",
    sentence:
      "The model brings code of its own, which is not run here. Use a version of it for this runtime, or another model.",
    retry: false,
  },
  {
    pattern:
      /NVIDIA driver on your system is too old|CUDA driver version is insufficient|forward compatibility was attempted|no CUDA-capable device|Found no NVIDIA driver|CUDA unknown error/i,
    failure_class: "driver",
    sentence:
      "The GPU driver is missing, failed or is too old for it. Run `hypervize doctor` on the host.",
    retry: true,
  },
  {
    pattern: /(?:SafetensorError|HeaderTooLarge|MetadataIncompleteBuffer|InvalidHeader\w*)/,
    failure_class: "config",
    sentence: "The weights are damaged or incomplete. Copy or download them again.",
    retry: false,
  },
  {
    pattern: /No module named '([\w.]+)'/,
    failure_class: "config",
    sentence: "Its Python environment lacks the module $1. Install the runtime again.",
    retry: false,
  },
];

const PORT_TAKEN = /Address already in use|EADDRINUSE|port \d+ is (?:already )?in use/i;

export const classifyVllm = classifierOf({
  ...{ name: "vLLM", port_taken: PORT_TAKEN, symptoms: SYMPTOMS },
});
export const classifySglang = classifierOf({
  ...{ name: "SGLang", port_taken: PORT_TAKEN, symptoms: SYMPTOMS },
});
