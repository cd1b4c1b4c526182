import { type Labels, parseLabels } from "../../agent/contract/protocol/labels.ts";
import { homeFrom, joinTokenFrom, labelsFrom, llamaServerFrom } from "../app/config.ts";
import { type Command, UsageError } from "./command.ts";

/** What main.ts passes in: the only place where src meets the agent's code. */
export type RunAgent = (options: {
  home: string;
  join?: string;
  server?: string;
  llamaServer?: string;
  vllm?: string;
  sglang?: string;
  vllmImage?: string;
  sglangImage?: string;
  containerProgram?: string;
  relayPort?: number;
  tunnel: boolean;
  labels: Labels;
  stopRuntimesOnExit: boolean;
  log: (line: string) => void;
  signal: AbortSignal;
}) => Promise<void>;

export function agentCommand(runAgent: RunAgent): Command {
  return {
    name: "agent",
    summary: "Runs the host agent: starts inference runtimes here as the control plane asks.",
    options: {
      join: {
        value: "TOKEN",
        help: "one-time token from the dashboard; needed once (default: $HYPERVIZE_JOIN_TOKEN)",
      },
      server: { value: "HOST:PORT", help: "dial this instead of the addresses in the token" },
      home: { value: "DIR", help: "data folder (default: $HYPERVIZE_HOME)" },
      "relay-port": {
        value: "N",
        help: "port on which a control plane on another machine reaches the runtimes (default: 8444, or a free one)",
      },
      tunnel: {
        help: "use outbound tunnels only (chosen automatically if the relay port is unreachable)",
      },
      "llama-server": {
        value: "PATH",
        help: "the runtime to use (default: from a bundle, else PATH)",
      },
      vllm: { value: "PATH", help: "the vllm script of its Python environment (default: on PATH)" },
      sglang: { value: "PATH", help: "the sglang script of its environment (default: on PATH)" },
      "vllm-image": {
        value: "IMAGE",
        help: "run vLLM from this image instead, such as vllm/vllm-openai:v0.32.0; pull it before",
      },
      "sglang-image": { value: "IMAGE", help: "the same for SGLang" },
      "container-program": {
        value: "PATH",
        help: "docker or podman (default: whichever is on PATH, Docker first)",
      },
      label: {
        value: "KEY=VALUE",
        repeated: true,
        help: "label of this host that placement can require, e.g. region=eu; repeat for more (default: $HYPERVIZE_LABELS)",
      },
      "stop-runtimes-on-exit": {
        help: "stop the runtimes with the agent; otherwise they keep serving",
      },
    },
    async run(words, terminal) {
      const join = joinTokenFrom(words.text("join"));
      const server = words.text("server");
      const relayPort = words.integer("relay-port", 0, 65_535);
      const llamaServer = llamaServerFrom(words.text("llama-server"));
      const vllm = words.text("vllm");
      const sglang = words.text("sglang");
      const vllmImage = words.text("vllm-image");
      const sglangImage = words.text("sglang-image");
      const containerProgram = words.text("container-program");
      const labels = labelsOf(labelsFrom(words.texts("label")));
      await runAgent({
        home: homeFrom(words.text("home")),
        ...(join && { join }),
        ...(server && { server }),
        ...(llamaServer && { llamaServer }),
        ...(vllm && { vllm }),
        ...(sglang && { sglang }),
        ...(vllmImage && { vllmImage }),
        ...(sglangImage && { sglangImage }),
        ...(containerProgram && { containerProgram }),
        ...(relayPort !== undefined && { relayPort }),
        tunnel: words.flag("tunnel"),
        labels,
        stopRuntimesOnExit: words.flag("stop-runtimes-on-exit"),
        log: terminal.err,
        signal: terminal.stop,
      });
      return 0;
    },
  };
}

function labelsOf(words: readonly string[]): Labels {
  try {
    return parseLabels(words);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
