/**
 * The variables that a runtime gets from the agent's own environment. A list and not the whole: an
 * agent's environment can hold secrets, and variables such as LLAMA_ARG_LOG_PROMPTS_DIR would change
 * what a runtime does behind the driver's back.
 */
const passed_names =
  /^(?:PATH|HOME|USER|LANG|LC_\w+|TZ|TMPDIR|LD_LIBRARY_PATH|CUDA_\w+|NVIDIA_\w+|NCCL_\w+|HIP_\w+|ROCR_\w+|OMP_\w+|GGML_\w+)$/;

export function runtimeEnvironment(
  own: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const passed: Record<string, string> = { HF_HUB_OFFLINE: "1" };
  for (const [name, value] of Object.entries(own)) {
    if (value !== undefined && passed_names.test(name)) passed[name] = value;
  }
  return passed;
}
