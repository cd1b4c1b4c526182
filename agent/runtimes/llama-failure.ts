import type { Cause } from "../contract/messages.ts";
import { Refusal } from "../refusal.ts";
import type { Death } from "./runtime.ts";

interface Symptom {
  /** Matched against the last lines of the log. */
  pattern: RegExp;
  failure_class: Exclude<Cause, "">;
  sentence: string;
  retry: boolean;
}

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

/**
 * Reads how it ended and its last lines. What a server that had served wrote in its log says little
 * about its file or its arguments, so only symptoms that pass by themselves count then.
 */
export function classifyLlamaServer(death: Death): Refusal | "port_taken" {
  const { exit, log_tail, was_ready } = death;
  if (exit.signal === "SIGKILL") return killed(death);
  const log = log_tail.join("\n");
  if (!was_ready && PORT_TAKEN.test(log)) return "port_taken";
  for (const { pattern, failure_class, sentence, retry } of SYMPTOMS) {
    const match = pattern.exec(log);
    if (match === null || (was_ready && !retry)) continue;
    const text = sentence.replace("$1", match[1] ?? match[2] ?? "");
    return new Refusal(failure_class, text, retry);
  }
  return crashed(death);
}

function killed(death: Death): Refusal {
  if (!death.out_of_memory_kills) return crashed(death);
  return new Refusal(
    "out_of_memory",
    "The kernel killed llama-server because the host ran out of memory. Use a smaller context, fewer slots or a smaller model.",
    true,
  );
}

function crashed(death: Death): Refusal {
  const when = death.was_ready ? "while it was serving" : "while it was starting";
  return new Refusal("runtime_crash", `llama-server ${endOf(death)} ${when}.`, true);
}

function endOf({ exit }: Death): string {
  if (exit.signal !== undefined) return `was ended by ${exit.signal}`;
  if (exit.code !== undefined) return `ended with exit code ${exit.code}`;
  return "ended";
}
