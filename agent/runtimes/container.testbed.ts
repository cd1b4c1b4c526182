/**
 * What the testbeds of Podman and Docker share: a folder, a model, and an image of the stand-in for vLLM, made from
 * files of this machine. No registry and no network is needed, and other images and containers are not touched.
 */
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { identify, type ProcessIdentity } from "../contract/process-identity.ts";
import { packStandIn } from "./stand-in.testbed.ts";

const patience_ms = 60_000;

export abstract class ContainerTestbed {
  readonly folder = mkdtempSync(join(tmpdir(), "hv-containers-"));
  /** Nobody else's, also where two of these tests share a service. */
  readonly image = `localhost/${basename(this.folder).toLowerCase()}:v0.30.0`;
  /** A model of safetensors that the stand-in does not look into. */
  readonly model = join(this.folder, "model");
  /** Where the program finds its service or its storage. */
  abstract readonly env: Record<string, string>;
  readonly program: string;

  constructor(program: string) {
    this.program = program;
    mkdirSync(this.model);
    writeFileSync(join(this.model, "config.json"), "{}");
    writeFileSync(join(this.model, "model.safetensors"), "weights");
  }

  /** What it prints; throws with what it says when it fails. */
  run(...words: string[]): string {
    const { status, stdout, stderr } = this.call(...words);
    if (status !== 0) throw new Error(`${this.program} ${words.join(" ")}: ${stderr}`);
    return stdout.trim();
  }

  /** Ids of all containers of the image, also of those that have ended. */
  containers(): string[] {
    const ours = ["--filter", `ancestor=${this.image}`];
    return this.run("ps", "--all", "--quiet", ...ours)
      .split("\n")
      .filter(Boolean);
  }

  /** Of the only container, as seen from outside: its first process, and the monitor that started it. */
  processes(): { inside: ProcessIdentity; monitor: ProcessIdentity } {
    const pid = Number(this.run("inspect", "--format", "{{.State.Pid}}", ...this.containers()));
    const parent = /^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"));
    const [inside, monitor] = [identify(pid), identify(Number(parent?.[1]))];
    if (!inside || !monitor) throw new Error("the container does not run");
    return { inside, monitor };
  }

  end(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Runs a container of the image, which is made first where it is missing. What went wrong, or nothing. */
  protected try(): string {
    if (this.call("image", "inspect", this.image).status !== 0) {
      const tar = packStandIn(this.folder);
      const { status, stderr } = this.call("import", "--change", "ENV PATH=/bin", tar, this.image);
      rmSync(tar);
      if (status !== 0) return stderr.trim();
    }
    const words = ["--rm", "--network=host", "--ipc=host", "--cap-drop=ALL"];
    const mount = ["-v", `${this.model}:${this.model}:ro`];
    const look = ["/bin/sh", "-c", `[ -e ${join(this.model, "config.json")} ]`];
    const { status, stderr } = this.call("run", ...words, ...mount, this.image, ...look);
    return status === 0 ? "" : stderr.trim() || "it does not see this machine's files.";
  }

  protected call(...words: string[]): SpawnSyncReturns<string> {
    const env = { ...process.env, ...this.env };
    return spawnSync(this.program, words, { env, encoding: "utf8", timeout: patience_ms });
  }
}
