/** What Docker and Podman say and how they end when a container cannot be started, or was ended by a signal. */
import { constants } from "node:os";
import type { Exit } from "../process/supervise.ts";
import { Refusal } from "../refusal.ts";
import type { Death } from "./runtime.ts";

const TROUBLES: readonly [pattern: RegExp, sentence: string][] = [
  [
    /could not select device driver|unresolvable CDI devices|nvidia-container-cli|nvidia-container-runtime/,
    "The NVIDIA Container Toolkit is not set up on this host. Install it, then `nvidia-ctk runtime configure --runtime=docker` for Docker, or `nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml` for Podman.",
  ],
  [
    /permission denied while trying to connect to the Docker daemon/i,
    "The agent's user may not use Docker. Add it to the group docker, or use Podman.",
  ],
  [
    /Cannot connect to the Docker daemon/i,
    "Docker does not run on this host. Start it: systemctl start docker.",
  ],
  [
    /newuidmap|newgidmap|cannot clone/,
    "Podman may not make user namespaces. Without root it needs the package uidmap, lines in /etc/subuid and /etc/subgid, and a service without NoNewPrivileges and RestrictNamespaces.",
  ],
  [
    /No such image|image not known|unable to find image/i,
    "The image is not on this host. Pull it there first.",
  ],
  [
    /executable file .*not found|no such file or directory: OCI/i,
    "The image is none of this engine.",
  ],
];

/** What a signal ended inside, the client tells by its own exit code, as shells do: 128 and the signal's number. */
export function exitInside(exit: Exit): Exit {
  const number = (exit.code ?? 0) - 128;
  const signal = Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
  return signal === undefined ? exit : { code: undefined, signal };
}

/** Docker and Podman end with 125 to 127 when the container could not be started (docker-run, exit status). */
export function refusedByProgram({ exit, log_tail, was_ready }: Death): Refusal | undefined {
  if (was_ready || exit.code === undefined || exit.code < 125 || exit.code > 127) return undefined;
  const known = inWords(log_tail.join("\n"));
  if (known !== undefined) return new Refusal("config", known);
  // Their storage and their locks fail for a moment too, as Podman's does when it finds what a killed monitor left.
  const why = `The container could not be started: ${lastOf(log_tail)}`;
  return new Refusal("runtime_crash", why, true);
}

export const inWords = (said: string): string | undefined =>
  TROUBLES.find(([pattern]) => pattern.test(said))?.[1];

export const lastOf = (lines: readonly string[]): string =>
  lines.findLast((line) => line.trim() !== "") ?? "";
