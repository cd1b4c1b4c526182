/** Why vLLM or SGLang died, read from its log. Pure. */
import { complaintsIn } from "./complaints.ts";
import { classifierOf, type Symptom } from "./symptom.ts";

/**
 * What vLLM and SGLang print before they die; both are PyTorch programs and share most of it. Texts as in
 * vLLM `v1/core/kv_cache_utils.py`, `v1/worker/utils.py`, `config/model.py` (0.6 to 0.32) and SGLang
 * `srt/mem_cache/memory_pool`, `srt/configs/model_config.py` (0.4 to 0.5). Each real failure in
 * `samples/` is named by one of these, and no line of a good start is.
 */
const memory: readonly Symptom[] = [
  {
    pattern: /Free memory on device \S* ?\(([^)]+)\) on startup is less than desired/,
    failure_class: "out_of_memory",
    sentence:
      "Another program holds memory of the GPU ($1 free of all). End it, or wait until it is done: `nvidia-smi` shows it.",
    retry: true,
  },
  {
    pattern: /Error in memory profiling|memory capacity is unbalanced/,
    failure_class: "out_of_memory",
    sentence:
      "Another program takes or gives back memory of the GPUs while it starts. End it, or wait until it is done: `nvidia-smi` shows it.",
    retry: true,
  },
  {
    pattern:
      /estimated maximum model length is (\d+)|number of tokens that can be stored in KV cache \((\d+)\)/i,
    failure_class: "out_of_memory",
    sentence: "The context does not fit beside the weights. It fits with at most $1 tokens.",
    retry: false,
  },
  {
    pattern:
      /No available memory for the cache blocks|KV cache is needed, which is larger than|Please try (?:to increase|increasing) --mem-fraction-static/,
    failure_class: "out_of_memory",
    sentence: "The weights leave no memory for the context. Use a smaller context or more GPUs.",
    retry: false,
  },
  {
    pattern:
      /OutOfMemoryError|CUDA (?:driver )?(?:error: )?out of memory|cudaErrorMemoryAllocation/i,
    failure_class: "out_of_memory",
    sentence:
      "There was not enough GPU memory. Use a smaller context, fewer requests at once or more GPUs.",
    retry: true,
  },
  {
    pattern: /No space left on device.*shm|\/dev\/shm.*(?:No space|too small)|Bus error/i,
    failure_class: "out_of_memory",
    sentence: "Shared memory (/dev/shm) is too small for several GPUs. Make it 10 GB or larger.",
    retry: false,
  },
];

const files: readonly Symptom[] = [
  {
    pattern:
      /SafetensorError|HeaderTooLarge|MetadataIncompleteBuffer|InvalidHeader\w*|Weight files referenced in index but missing/,
    failure_class: "config",
    sentence: "The weights are damaged or incomplete. Copy or download them again.",
    retry: false,
  },
  {
    // A web page, or a pointer of Git LFS: its first bytes are taken for the length of what follows.
    pattern: /^(?:MemoryError|OverflowError|UnicodeDecodeError|json\.decoder\.JSONDecodeError)/,
    after: /safetensors/,
    failure_class: "config",
    sentence: "The weights are damaged or incomplete. Copy or download them again.",
    retry: false,
  },
  {
    pattern: /Cannot find any model weights|no file named .*safetensors/,
    failure_class: "not_found",
    sentence: "There are no weights in the model's folder. Copy or download them again.",
    retry: false,
  },
  {
    pattern: /GatedRepoError|Cannot access gated repo/,
    failure_class: "gated_model",
    sentence:
      "The model is gated. Accept its conditions on the hub and set a token that may read it.",
    retry: false,
  },
  {
    pattern:
      /LocalEntryNotFound|OfflineModeIsEnabled|couldn't connect to 'https?:|error downloading or loading vocab/,
    failure_class: "download",
    sentence:
      "It wanted a file that the model's folder lacks, and runtimes fetch nothing on their own. Add the file to the model.",
    retry: false,
  },
  {
    pattern: /\[Errno 28\]|No space left on device/,
    failure_class: "disk_full",
    sentence: "The host's disk is full. Free some space.",
    retry: true,
  },
  {
    pattern:
      /Invalid repository ID or local directory specified|does not appear to have a file named config\.json|config file at .* is not a valid JSON|Unrecognized model in /,
    failure_class: "config",
    sentence: "The model has no config.json that can be read. Copy or download it again.",
    retry: false,
  },
  {
    // Of Python, and of the tokenizers' Rust.
    pattern: /^json\.decoder\.JSONDecodeError|^Exception: .* at line \d+ column \d+/,
    failure_class: "config",
    sentence: "A JSON file of the model is damaged or incomplete. Copy or download it again.",
    retry: false,
  },
];

const settings: readonly Symptom[] = [
  {
    pattern: /unrecognized arguments?: (\S+)|argument (--[\w-]+)\S*: invalid|(--\S+): expected/,
    failure_class: "config",
    sentence: "It does not know or accept the argument $1. Remove or correct it.",
    retry: false,
  },
  {
    pattern: /invalid ((?:tool call|reasoning) parser: [\w.-]+)/,
    failure_class: "config",
    sentence: "It does not have the $1. Use another one, or a newer version.",
    retry: false,
  },
  {
    pattern: /(--[\w-]+ requires --[\w-]+)/,
    failure_class: "config",
    sentence: "Its arguments do not go together: $1.",
    retry: false,
  },
  {
    pattern: /greater than the derived max_model_len \(\w+=(\d+)/,
    failure_class: "config",
    sentence: "The model takes a context of at most $1 tokens. Use a smaller one.",
    retry: false,
  },
  {
    // vLLM before 0.24, and SGLang with several GPUs: int() on CUDA_VISIBLE_DEVICES (vllm#20939).
    pattern: /invalid literal for int\(\) with base 10: '(GPU-[\w-]+|MIG-[\w-]+)/,
    failure_class: "config",
    sentence:
      "This version does not take a GPU by its UUID ($1), and the agent could not tell which version it is. Install a newer one.",
    retry: false,
  },
  {
    pattern:
      /Model architectures \[?'?([\w', ]+?)'?\]? are|does not recognize this architecture|model type [`'](\S+)[`'] but Transformers does not/,
    failure_class: "config",
    sentence: "It does not know the model architecture $1. Install a newer version.",
    retry: false,
  },
  {
    pattern:
      /requires you to execute the (?:configuration|modeling) file|contains custom code which must be executed|Please pass the (?:argument|option) .?trust_remote_code/,
    failure_class: "config",
    sentence:
      "The model brings its own code, which is not run here. Use a version of it for this runtime, or another model.",
    retry: false,
  },
];

const machine: readonly Symptom[] = [
  {
    pattern:
      /NVIDIA driver on your system is too old|CUDA driver version is insufficient|forward compatibility was attempted|no CUDA-capable device|Found no NVIDIA driver|CUDA unknown error|CUDA-capable device\(s\) is\/are busy|system not yet initialized|uncorrectable (?:ECC|NVLink) error|Failed to infer device type|libcuda\.so|No CUDA GPUs are available/i,
    failure_class: "driver",
    sentence:
      "The GPU driver is missing, failed or is too old for it. Run `hypervize doctor` on the host.",
    retry: true,
  },
  {
    pattern: /invalid device ordinal|larger than the (?:number of )?available GPUs/i,
    failure_class: "driver",
    sentence: "It sees fewer GPUs than it was given. Run `hypervize doctor` on the host.",
    retry: true,
  },
  {
    pattern: /^(?:[\w.]+: )?(.+ must be divisible by tensor parallel size \(\d+\))/,
    failure_class: "config",
    sentence: "The model cannot be split this way: $1. Use another number of GPUs.",
    retry: false,
  },
  {
    pattern: /no kernel image is available|supported on GPUs with compute capability/,
    failure_class: "config",
    sentence: "This version, or what it was asked for, needs a newer GPU than this one.",
    retry: false,
  },
  {
    pattern: /NCCL error(?: in)?:? ?([^(]*[^( ])/,
    failure_class: "runtime_crash",
    sentence: "Its GPUs could not communicate with each other (NCCL: $1).",
    retry: true,
  },
  {
    pattern: /No module named '([\w.]+)'/,
    failure_class: "config",
    sentence: "Its Python environment lacks the module $1. Install the runtime again.",
    retry: false,
  },
  {
    pattern: /Failed to find C compiler|Ninja is required|fatal error: Python\.h/,
    failure_class: "config",
    sentence:
      "It compiles kernels at its start and finds no compiler. Install gcc and python3-dev.",
    retry: false,
  },
  {
    pattern: /^(?:[\w.]+\.)?(?:TimeoutError|DistNetworkError): (.*timed? ?out.*)/i,
    failure_class: "timeout",
    sentence: "Its processes waited for each other and never continued: $1",
    retry: true,
  },
  {
    pattern: /^MemoryError|std::bad_alloc|can't allocate memory|Cannot allocate memory/,
    failure_class: "out_of_memory",
    sentence: "The host has not enough memory. Use a smaller model, or end other programs.",
    retry: true,
  },
  {
    pattern: /failed to be inspected/,
    failure_class: "runtime_crash",
    sentence: "It could not look into the model's architecture: its log says why.",
    retry: true,
  },
  {
    // Pydantic's form for every setting that it checks: its own words are the best there are.
    pattern: /^Value error, (.+?)\.?(?: \[type=.*)?$/,
    failure_class: "config",
    sentence: "It refuses the model or its settings: $1.",
    retry: false,
  },
];

const port_taken = /Address already in use|EADDRINUSE|port \d+ is (?:already )?in use/i;

const shared = {
  port_taken: port_taken,
  symptoms: [...settings, ...memory, ...files, ...machine],
  complaints: complaintsIn,
  // When a scheduler has died, SGLang kills its whole tree; vLLM's API server kills what does not end in time.
  kills_itself: true,
};

export const classifyVllm = classifierOf({ name: "vLLM", ...shared });
export const classifySglang = classifierOf({ name: "SGLang", ...shared });
