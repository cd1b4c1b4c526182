import { classifierOf, type Symptom } from "./symptom.ts";

const PORT_TAKEN =
  /couldn't bind (?:HTTP )?(?:server )?socket|bind\(\) failed|Address already in use/i;

/** The first that matches wins. Texts as llama.cpp builds 3000 to 11669 print them. */
const SYMPTOMS: readonly Symptom[] = [
  {
    pattern: /invalid argument: (\S+)|error while handling argument "([^"]+)"/i,
    failure_class: "config",
    sentence: "llama-server does not know or accept the argument $1. Remove or correct it.",
    retry: false,
  },
  {
    pattern: /failed to open GGUF file .*No such file|No such file or directory/i,
    failure_class: "not_found",
    sentence: "The model file is no longer there. Copy it to the host again.",
    retry: false,
  },
  {
    pattern:
      /out of memory|failed to allocate|unable to allocate|cannot allocate memory|std::bad_alloc|cudaErrorMemoryAllocation/i,
    failure_class: "out_of_memory",
    sentence: "There was not enough memory. Use a smaller context, fewer slots or a smaller model.",
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
    pattern: /CUDA driver version is insufficient|no CUDA-capable device|CUDA error/i,
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

export const classifyLlamaServer = classifierOf({
  name: "llama-server",
  port_taken: PORT_TAKEN,
  symptoms: SYMPTOMS,
});
