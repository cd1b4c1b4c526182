import { type Judgement, ok, warn } from "../finding.ts";
import type { Host, Ran } from "../host.ts";

export interface Engines {
  /** Of `docker version` and `podman version` with the server's version asked for. */
  docker: Ran | undefined;
  podman: Ran | undefined;
}

export async function probeEngines(host: Host): Promise<Engines> {
  return {
    docker: await host.run("docker", "version", "--format", "{{.Server.Version}}"),
    podman: await host.run("podman", "version", "--format", "{{.Version}}"),
  };
}

export function judgeEngines({ docker, podman }: Engines): Judgement {
  const found = [
    ...(works(docker) ? [`Docker ${version(docker)}`] : []),
    ...(works(podman) ? [`Podman ${version(podman)}`] : []),
  ];
  if (found.length > 0) return ok(found.join(", "));
  if (docker === undefined && podman === undefined) {
    return ok("None: runtimes run as plain processes.");
  }
  const said = docker?.output ?? podman?.output ?? "";
  if (/permission denied/i.test(said)) {
    return warn(
      "Docker is there, but this user may not use it.",
      "Run the doctor as root; the agent's user needs the group docker only to run containers.",
    );
  }
  return warn(
    "Docker is there, but its service does not answer.",
    "Start it: systemctl enable --now docker.",
  );
}

const works = (ran: Ran | undefined): ran is Ran => ran?.code === 0 && version(ran) !== "";
const version = ({ output }: Ran): string => /\d+(?:\.\d+)+\S*/.exec(output)?.[0] ?? "";
