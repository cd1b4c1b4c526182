import { expect, test } from "bun:test";
import { StartError } from "../replicas/start-error.ts";
import { classifyLlamaServer } from "./llama-failure.ts";
import type { Death } from "./runtime.ts";

const died = (log: string, changes: Partial<Death> = {}): Death => ({
  exit: { code: 1, signal: undefined },
  log_tail: log.split("\n"),
  was_ready: false,
  out_of_memory_kills: false,
  ...changes,
});
const sigkill = { exit: { code: undefined, signal: "SIGKILL" } };
const sigabrt = { exit: { code: undefined, signal: "SIGABRT" } };

test.each<[string, Death, string]>([
  [
    "an argument that it does not know",
    died("error: invalid argument: --foo"),
    "config final: llama-server does not know or accept the argument --foo.",
  ],
  [
    "a bad value",
    died('error while handling argument "--temp": stof'),
    "config final: llama-server does not know or accept the argument --temp.",
  ],
  [
    "another magic",
    died(
      "E gguf_init_from_reader: invalid magic characters: '??', expected 'GGUF'\nE llama_model_load: error loading model",
    ),
    "config final: The model file is damaged or incomplete.",
  ],
  [
    "a tensor beyond the end",
    died(
      "error loading model: tensor 'blk.0' data is not within the file bounds, model is corrupted",
    ),
    "config final: The model file is damaged or incomplete.",
  ],
  [
    "a tensor that is missing",
    died("error loading model: check_tensor_dims: tensor 'token_embd.weight' not found"),
    "config final: The model file is damaged or incomplete.",
  ],
  [
    "a fault that we have not met",
    died("llama_model_load: error loading model: the vocabulary is strange"),
    "config final: llama-server cannot load the model: the vocabulary is strange.",
  ],
  [
    "a file that vanished",
    died("gguf_init_from_file: failed to open GGUF file '/m.gguf' (No such file or directory)"),
    "not_found final: The model file is no longer there.",
  ],
  [
    "an architecture that is too new",
    died("error loading model: unknown model architecture: 'nova9'"),
    "config final: This llama-server does not know the model architecture nova9.",
  ],
  [
    "no memory on the GPU",
    died("cudaMalloc failed: out of memory\nCUDA error: out of memory", sigabrt),
    "out_of_memory again: There was not enough memory.",
  ],
  [
    "no memory on the host",
    died("ggml_aligned_malloc: insufficient memory\nfailed to allocate buffer"),
    "out_of_memory again: There was not enough memory.",
  ],
  [
    "a broken driver",
    died("CUDA error: no CUDA-capable device is detected", sigabrt),
    "driver again: The GPU driver failed.",
  ],
  [
    "no memory on the GPU, in Vulkan's words",
    died(
      "terminate called\n  what():  vk::Device::allocateMemory: ErrorOutOfDeviceMemory",
      sigabrt,
    ),
    "out_of_memory again: There was not enough memory.",
  ],
  [
    "a device that was lost",
    died("what():  vk::Queue::submit: ErrorDeviceLost", { ...sigabrt, was_ready: true }),
    "driver again: The GPU driver failed.",
  ],
  [
    "the kernel's memory killer",
    died("", { ...sigkill, out_of_memory_kills: true }),
    "out_of_memory again: The kernel killed llama-server",
  ],
  [
    "kill -9 by hand",
    died("loading failed to allocate", sigkill),
    "runtime_crash again: llama-server was ended by SIGKILL while it was starting.",
  ],
  [
    "a segmentation fault",
    died("", { exit: { code: undefined, signal: "SIGSEGV" }, was_ready: true }),
    "runtime_crash again: llama-server was ended by SIGSEGV while it was serving.",
  ],
  [
    "an adopted process, whose exit nobody saw",
    died("", { exit: { code: undefined, signal: undefined }, was_ready: true }),
    "runtime_crash again: llama-server ended while it was serving.",
  ],
  [
    "an old complaint in the log of a server that had served",
    died("error: invalid argument: --foo", { was_ready: true }),
    "runtime_crash again: llama-server ended with exit code 1 while it was serving.",
  ],
])("%s", (_, death, verdict) => {
  const refusal = classifyLlamaServer(death);
  if (!(refusal instanceof StartError)) throw new Error(refusal);
  const { failure_class, retry, message } = refusal;
  expect(`${failure_class} ${retry ? "again" : "final"}: ${message}`).toStartWith(verdict);
});

test("a port that somebody took is tried again with another at once", () => {
  const log = "E srv start: couldn't bind HTTP server socket, hostname: 127.0.0.1, port: 18992";
  expect(classifyLlamaServer(died(log))).toBe("port_taken");
});

test.each([
  "warning: failed to mlock 4096-byte buffer (after previously locking 0 bytes): Cannot allocate memory",
  "Try increasing RLIMIT_MEMLOCK ('ulimit -l' as root).",
  "0.00.093.083 W cmn  common_init: unable to allocate CUDA0 buffer, trying fewer layers",
  "W llama_params_fit: failed to allocate for the initial parameters",
  "0.00.012.001 I load_backend: CUDA error code names follow",
  "ggml_backend_load_best: failed to load libggml-cuda.so: libcudart.so.12: cannot open shared object file: No such file or directory",
])("%s is no cause, and does not hide the real one", (line) => {
  const verdictOf = (log: string) => {
    const refusal = classifyLlamaServer(died(log));
    return refusal instanceof StartError ? refusal.message : refusal;
  };
  expect(verdictOf(line)).toBe("llama-server ended with exit code 1 while it was starting.");
  expect(verdictOf(`${line}\nerror loading model: unknown model architecture: 'nova9'`)).toBe(
    "This llama-server does not know the model architecture nova9. Install a newer one.",
  );
});
