import type { Labels } from "./contract/protocol/labels.ts";

export interface AgentOptions {
  /** The data folder; the agent keeps everything under HOME/agent. */
  home: string;
  /** A join token; needed only by a home that has not joined. */
  join?: string;
  /** "host:port" to dial instead of the addresses in the token. */
  server?: string;
  /** Path or name of llama-server; without it the one that a bundle brought, else "llama-server" on PATH. */
  llamaServer?: string;
  /** Path or name of the `vllm` and `sglang` scripts of their Python environments; on PATH without it. */
  vllm?: string;
  sglang?: string;
  /** Images of these engines on this host, run by Docker or Podman instead of an environment. */
  vllmImage?: string;
  sglangImage?: string;
  /** The path or name of Docker or Podman. */
  containerProgram?: string;
  /** Where the relay listens, 0 for any free port; 8444, or a free one where that is taken, without it. */
  relayPort?: number;
  /** Listens nowhere: the control plane reaches the runtimes by connections that this host opens. */
  tunnel?: boolean;
  /** What placement may ask of this host, well formed (contract/labels.ts). */
  labels?: Labels;
  version: string;
  /** The environment of the agent, from which runtimes get a few variables. */
  env: Readonly<Record<string, string | undefined>>;
  /** False under systemd: runtimes outlive the agent and are adopted by the next one. */
  stopRuntimesOnExit: boolean;
  log: (line: string) => void;
  signal: AbortSignal;
}
