/** What Docker and Podman say and how they end when a container cannot be started, or was ended by a signal. */
import { constants } from "node:os";
import type { Exit } from "../process/supervise.ts";
import { StartError } from "../replicas/start-error.ts";
import type { Death } from "./runtime.ts";

interface KnownFailure {
  pattern: RegExp;
  sentence: string;
  /** It may be over in a moment. */
  passes?: true;
}

/** What Docker's client says, with 125, when its service goes away, also where containers outlive it (live-restore). */
const lost = /error waiting for container/;

/** Docker's client says `API` since 29, `daemon` before. */
const known_failures: readonly KnownFailure[] = [
  {
    pattern:
      /could not select device driver|unresolvable CDI devices|nvidia-container-cli|nvidia-container-runtime/,
    sentence:
      "The NVIDIA Container Toolkit is not set up on this host. Install it, then `nvidia-ctk runtime configure --runtime=docker` for Docker, or `nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml` for Podman.",
  },
  {
    pattern: /permission denied while trying to connect to the Docker (?:daemon|API)/i,
    sentence: "The agent's user may not use Docker. Add it to the group docker, or use Podman.",
  },
  {
    pattern: /Cannot connect to the Docker daemon|failed to connect to the Docker API/i,
    sentence: "Docker does not run on this host. Start it: systemctl start docker.",
    // An update of Docker ends its containers and stops it for a while.
    passes: true,
  },
  {
    pattern: /newuidmap|newgidmap|cannot clone/,
    sentence:
      "Podman may not make user namespaces. Without root it needs the package uidmap, lines in /etc/subuid and /etc/subgid, and a service without NoNewPrivileges and RestrictNamespaces.",
  },
  {
    pattern: /No such image|image not known|unable to find image/i,
    sentence: "The image is not on this host. Pull it there first.",
  },
  {
    pattern: /executable file .*not found|no such file or directory: OCI/i,
    sentence: "This is not an image of this engine.",
  },
];

/** What a signal ended inside, the client tells by its own exit code, as shells do: 128 and the signal's number. */
export function exitInside(exit: Exit): Exit {
  const number = (exit.code ?? 0) - 128;
  const signal = Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
  return signal === undefined ? exit : { code: undefined, signal };
}

/** Docker and Podman end with 125 to 127 when the container could not be started (docker-run, exit status). */
export function refusedByProgram({ exit, log_tail, was_ready }: Death): StartError | undefined {
  if (exit.code === undefined || exit.code < 125 || exit.code > 127) return undefined;
  const said = log_tail.join("\n");
  if (lost.test(said)) {
    const why = "The container was lost: Docker was stopped or restarted while it ran.";
    return new StartError("runtime_crash", why, true);
  }
  if (was_ready) return undefined;
  const known = knownFailureIn(said);
  if (known?.passes) return new StartError("runtime_crash", known.sentence, true);
  if (known) return new StartError("config", known.sentence);
  // Their storage and their locks fail for a moment too, as Podman's does when it finds what a killed monitor left.
  const why = `The container could not be started: ${lastOf(log_tail)}`;
  return new StartError("runtime_crash", why, true);
}

export const inWords = (said: string): string | undefined => knownFailureIn(said)?.sentence;

const knownFailureIn = (said: string): KnownFailure | undefined =>
  known_failures.find(({ pattern }) => pattern.test(said));

/** Docker's client ends with where its help is: "See 'docker run --help'." up to 20.10, "Run '…" later. */
const hint = /^(?:See|Run) '.+ --help'/;

export const lastOf = (lines: readonly string[]): string =>
  lines.findLast((line) => line.trim() !== "" && !hint.test(line)) ?? "";
