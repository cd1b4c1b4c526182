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
 * Variables that load code into a process, choose its devices, or set an argument behind the agent's
 * back (llama.cpp reads LLAMA_ARG_*; GGML_BACKEND_PATH is a library that it loads).
 */
const VARIABLES =
  /^(?:PATH|HOME|TMPDIR|SHELL|ENV|BASH_ENV|LD_.*|DYLD_.*|GLIBC_TUNABLES|GCONV_PATH|PYTHON.*|NODE_OPTIONS|BUN_.*|LLAMA_.*|GGML_BACKEND_PATH|HF_.*|HUGGING_?FACE_.*|HYPERVIZE_.*|(?:CUDA|NVIDIA|HIP|ROCR|GPU)_VISIBLE_DEVICES|CUDA_INJECTION.*)$/i;

/** The sentence to refuse ARGS with; undefined when they are good. */
export function refusedArgument(args: readonly string[]): string | undefined {
  // Without its value, which may be a secret.
  const refused = args
    .map((argument) => argument.split("=")[0] ?? "")
    .find((flag) => ARGUMENTS.test(flag));
  if (refused === undefined) return undefined;
  return `The argument ${refused} may not be set for a replica. Remove it.`;
}

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
