/** What people are advised to do about the cause of a failure. Pure. */
import type { Cause } from "../../../../agent/contract/protocol/messages.ts";

interface Explanation {
  /** Ends the sentence "It failed: ...". */
  words: string;
  /** What to do next. */
  advice: string;
}

const explanations: Readonly<Record<Exclude<Cause, "">, Explanation>> = {
  out_of_memory: {
    words: "out of memory",
    advice:
      "Ask for a shorter context or fewer requests at once, take a smaller quantisation, or give it more GPUs.",
  },
  gated_model: {
    words: "the model is gated",
    advice:
      "Accept the model's terms on its Hugging Face page, then set a token of that account on the endpoint.",
  },
  not_found: {
    words: "the model was not found",
    advice:
      "Check the spelling of model, file and revision. A private model needs a Hugging Face token.",
  },
  disk_full: {
    words: "the host's disk is full",
    advice: "Free space where the host keeps its models, then resume the endpoint.",
  },
  no_capacity: {
    words: "no host has room for it",
    advice: "Let another endpoint sleep or pause it, add a host, or ask for less memory.",
  },
  driver: {
    words: "the GPU driver does not work",
    advice:
      "Run `nvidia-smi` on the host. When it fails too, update the driver or restart the host.",
  },
  runtime_crash: {
    words: "the runtime crashed",
    advice: "Its last lines say why. Try without your own arguments, or another runtime.",
  },
  timeout: {
    words: "it took too long",
    advice:
      "Look at the replica's log for what it waited for. A large model on a slow disk needs a longer build timeout in the settings.",
  },
  download: {
    words: "the download failed",
    advice: "Check that the host reaches the model hub, then resume the endpoint.",
  },
  config: {
    words: "its settings were refused",
    advice: "Change what the runtime names in its last lines, then resume the endpoint.",
  },
};

export function explain(cause: Cause): Explanation | null {
  return cause === "" ? null : explanations[cause];
}
