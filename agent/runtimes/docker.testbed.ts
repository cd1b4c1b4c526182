/** The Docker that answers on this machine, whoever else uses it. */
import { ContainerTestbed } from "./container.testbed.ts";

export class DockerTestbed extends ContainerTestbed {
  readonly env = {};

  /** One that has run a container; else the sentence why there is none here. */
  static open(): DockerTestbed | string {
    const program = Bun.which("docker");
    if (program === null) return "there is no docker.";
    const testbed = new DockerTestbed(program);
    const { status, stderr } = testbed.call("version");
    const problem = status === 0 ? testbed.try() : stderr.trim();
    if (problem === "") return testbed;
    testbed.end();
    return `docker does not work: ${problem}`;
  }

  override end(): void {
    if (this.call("version").status === 0) {
      for (const id of this.containers()) this.call("rm", "--force", id);
      this.call("image", "rm", this.image);
    }
    super.end();
  }
}
