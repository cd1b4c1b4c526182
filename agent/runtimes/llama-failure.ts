/** Why a llama-server died, read from its log. Pure. */
import type { Complaint } from "./complaints.ts";
import { classifierOf, type Symptom } from "./symptom.ts";

const port_taken =
  /couldn't bind (?:HTTP )?(?:server )?socket|bind\(\) failed|Address already in use/i;

/** The first that matches wins. Texts as llama.cpp builds 3000 to 11669 print them. */
const symptoms: readonly Symptom[] = [
  {
    pattern: /invalid argument: (\S+)|error while handling argument "([^"]+)"/i,
    failure_class: "config",
    sentence: "llama-server does not know or accept the argument $1. Remove or correct it.",
    retry: false,
  },
  {
    pattern: /(?:gguf|model).*No such file or directory/i,
    failure_class: "not_found",
    sentence: "The model file is no longer there. Copy it to the host again.",
    retry: false,
  },
  {
    pattern:
      /out of memory|failed to allocate|unable to allocate|cannot allocate memory|std::bad_alloc|cudaErrorMemoryAllocation|ErrorOutOf(?:Device|Host)Memory|Device memory allocation of size/i,
    failure_class: "out_of_memory",
    sentence:
      "There was not enough memory. Use a smaller context, fewer requests at once or a smaller model.",
    retry: true,
  },
  {
    pattern: /unknown model architecture: '([^']+)'/i,
    failure_class: "config",
    sentence: "This llama-server does not know the model architecture $1. Install a newer one.",
    retry: false,
  },
  {
    pattern:
      /invalid magic|gguf_init|not within the file bounds|failed to read (?:magic|header|key|tensor)|data is not within|wrong (?:number of tensors|shape)|missing tensor|tensor '\S+' not found|key not found in model/i,
    failure_class: "config",
    sentence: "The model file is damaged or incomplete. Copy or download it again.",
    retry: false,
  },
  {
    pattern:
      /CUDA driver version is insufficient|no CUDA-capable device|CUDA error|ErrorDeviceLost|ErrorInitializationFailed|ErrorIncompatibleDriver/i,
    failure_class: "driver",
    sentence: "The GPU driver failed. Look at `nvidia-smi` on the host.",
    retry: true,
  },
  {
    pattern: /error loading model: (.+)/i,
    failure_class: "config",
    sentence: "llama-server cannot load the model: $1. Check the model file.",
    retry: false,
  },
];

/**
 * Newer builds name the level (`0.00.123.456 W …`, `W …`), older ones write "warning:" into some lines. What does not
 * hinder it is not always told by that: it goes on when it may lock no memory, or finds no library of a backend.
 */
const harmless =
  /^(?:[\d.:]+ )?[IWD] |\bwarn(?:ing)?\b *[:(]|RLIMIT_MEMLOCK|failed to mlock|ggml_backend_load|\.so(?:\.\d+)*: cannot open|params_fit|fitting params/i;

function complaintsIn(log: readonly string[]): Complaint[] {
  return log.flatMap((text, at) =>
    harmless.test(text) ? [] : [{ at, text, context: "", exception: false }],
  );
}

export const classifyLlamaServer = classifierOf({
  name: "llama-server",
  port_taken: port_taken,
  symptoms: symptoms,
  complaints: complaintsIn,
  kills_itself: false,
});
