/** The real Podman with separate storage and settings. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ContainerTestbed } from "./container.testbed.ts";

export class PodmanTestbed extends ContainerTestbed {
  readonly #settings = join(this.folder, "containers.conf");
  readonly env = {
    CONTAINERS_CONF: this.#settings,
    CONTAINERS_STORAGE_CONF: join(this.folder, "storage.conf"),
  };

  /** One that has run a container; else the sentence why there is none here. */
  static open(): PodmanTestbed | string {
    const program = Bun.which("podman");
    if (program === null) return "there is no podman.";
    const testbed = new PodmanTestbed(program);
    const problem = testbed.#prepare();
    if (problem === "") return testbed;
    testbed.end();
    return problem;
  }

  override end(): void {
    this.call("rm", "--all", "--force", "--time", "0");
    // Without root its files belong to users that only Podman may be.
    if (process.getuid?.() !== 0) this.call("unshare", "rm", "-rf", this.folder);
    super.end();
  }

  #prepare(): string {
    const at = (name: string) => JSON.stringify(join(this.folder, name));
    writeFileSync(
      this.env.CONTAINERS_STORAGE_CONF,
      `[storage]\ndriver = "overlay"\ngraphroot = ${at("graph")}\nrunroot = ${at("run")}\n`,
    );
    let said = "";
    // crun knows no mixed cgroups, which old hosts have.
    for (const runtime of ["crun", "runc"]) {
      // Its own limits are higher than some machines let root set.
      const limits = 'default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]';
      const engine = `[engine]\nruntime = "${runtime}"\n`;
      writeFileSync(this.#settings, `[containers]\n${limits}\n${engine}`);
      said = this.try();
      if (said === "") return "";
    }
    return `podman does not work: ${said}`;
  }
}
