/**
 * The real Podman with a storage of its own, and an image in it of the stand-in for vLLM, made from files of this
 * machine: no registry and no network is needed, and Podman's other images and containers are not seen.
 */
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const IMAGE = "localhost/hypervize-stand-in:v0.30.0";
const PATIENCE_MS = 60_000;

export class PodmanTestbed {
  readonly image = IMAGE;
  readonly program: string;
  readonly #folder = mkdtempSync(join(tmpdir(), "hv-podman-"));
  /** A model of safetensors that the stand-in does not look into. */
  readonly model = join(this.#folder, "model");
  readonly #settings = join(this.#folder, "containers.conf");
  /** Where Podman finds all this. */
  readonly env = {
    CONTAINERS_CONF: this.#settings,
    CONTAINERS_STORAGE_CONF: join(this.#folder, "storage.conf"),
  };

  private constructor(program: string) {
    this.program = program;
  }

  /** One that has run a container; else the sentence why there is none here. */
  static open(): PodmanTestbed | string {
    const program = Bun.which("podman");
    if (program === null) return "there is no podman.";
    const testbed = new PodmanTestbed(program);
    const problem = testbed.#prepare();
    if (problem === undefined) return testbed;
    testbed.end();
    return problem;
  }

  /** What Podman prints; throws with what it says when it fails. */
  run(...words: string[]): string {
    const { status, stdout, stderr } = this.#podman(words);
    if (status !== 0) throw new Error(`podman ${words.join(" ")}: ${stderr}`);
    return stdout.trim();
  }

  /** Names of all containers, also of those that have ended. */
  containers(): string[] {
    return this.run("ps", "--all", "--format", "{{.Names}}").split("\n").filter(Boolean);
  }

  /** Pids on this machine of the container's first process and of its monitor. */
  pidsOf(name: string): { inside: number; monitor: number } {
    const format = "{{.State.Pid}} {{.State.ConmonPid}}";
    const [inside = 0, monitor = 0] = this.run("inspect", "--format", format, name).split(" ");
    return { inside: Number(inside), monitor: Number(monitor) };
  }

  end(): void {
    this.#podman(["rm", "--all", "--force", "--time", "0"]);
    // Without root its files belong to users that only Podman may be.
    if (process.getuid?.() !== 0) this.#podman(["unshare", "rm", "-rf", this.#folder]);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #prepare(): string | undefined {
    const at = (name: string) => JSON.stringify(join(this.#folder, name));
    writeFileSync(
      this.env.CONTAINERS_STORAGE_CONF,
      `[storage]\ndriver = "overlay"\ngraphroot = ${at("graph")}\nrunroot = ${at("run")}\n`,
    );
    mkdirSync(this.model);
    writeFileSync(join(this.model, "config.json"), "{}");
    writeFileSync(join(this.model, "model.safetensors"), "weights");
    let said = "";
    // crun knows no mixed cgroups, which old hosts have.
    for (const runtime of ["crun", "runc"]) {
      // Its own limits are higher than some machines let root set.
      const limits = 'default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]';
      const engine = `[engine]\nruntime = "${runtime}"\n`;
      writeFileSync(this.#settings, `[containers]\n${limits}\n${engine}`);
      said = this.#hasImage() ? "" : this.#import();
      if (said !== "") continue;
      const words = ["--rm", "--network=host", "--ipc=host", "--cap-drop=ALL", IMAGE];
      const { status, stderr } = this.#podman(["run", ...words, "/bin/sh", "-c", "exit 0"]);
      if (status === 0) return undefined;
      said = stderr.trim();
    }
    return `podman does not work: ${said}`;
  }

  #hasImage = (): boolean => this.#podman(["image", "exists", IMAGE]).status === 0;

  /** Bun, a shell, and what they are linked with. */
  #import(): string {
    const root = join(this.#folder, "root");
    for (const folder of ["bin", "opt", "tmp", "proc"]) {
      mkdirSync(join(root, folder), { recursive: true });
    }
    const programs = { bun: process.execPath, sh: "/bin/sh", sleep: Bun.which("sleep") ?? "" };
    for (const [name, path] of Object.entries(programs)) {
      copyFileSync(path, join(root, "bin", name));
      // The loader lists the libraries instead of running it (ld.so(8)).
      const env = { LD_TRACE_LOADED_OBJECTS: "1" };
      const { stdout } = spawnSync(path, [], { env, encoding: "utf8" });
      for (const [library] of stdout.matchAll(/\/\S+/g)) {
        mkdirSync(join(root, dirname(library)), { recursive: true });
        copyFileSync(library, join(root, library));
      }
    }
    cpSync(join(import.meta.dir, "fakes"), join(root, "opt"), { recursive: true });
    const vllm = join(root, "bin", "vllm");
    writeFileSync(vllm, '#!/bin/sh\nexec bun /opt/vllm.ts "$@"\n');
    chmodSync(vllm, 0o755);
    const tar = join(this.#folder, "root.tar");
    spawnSync("tar", ["-C", root, "-cf", tar, "."]);
    const { status, stderr } = this.#podman(["import", "--change", "ENV PATH=/bin", tar, IMAGE]);
    for (const path of [root, tar]) rmSync(path, { recursive: true, force: true });
    return status === 0 ? "" : stderr.trim();
  }

  #podman(words: string[]) {
    const env = { ...process.env, ...this.env };
    return spawnSync(this.program, words, { env, encoding: "utf8", timeout: PATIENCE_MS });
  }
}
