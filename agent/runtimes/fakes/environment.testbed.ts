/** A Python environment on the disk, in which the stand-ins take the places of the engines. */
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export class EngineEnvironment {
  readonly folder = mkdtempSync(join(tmpdir(), "hypervize-engines-"));
  readonly bin = join(this.folder, "bin");
  /** A model of safetensors that no engine here looks into. */
  readonly model = join(this.folder, "model");

  constructor(versions: Readonly<Record<"vllm" | "sglang", string>>) {
    mkdirSync(this.bin);
    const { vllm } = versions;
    this.#script(
      "vllm",
      `export ENGINE_VERSION=${vllm}\nexec "${process.execPath}" "${import.meta.dir}/vllm.ts" "$@"`,
    );
    this.#script("python3", `exec "${process.execPath}" "${import.meta.dir}/sglang.ts" "$@"`);
    this.#script("sglang", "exit 2");
    for (const [name, version] of Object.entries(versions)) {
      const packages = join(this.folder, "lib/python3.12/site-packages");
      mkdirSync(join(packages, `${name}-${version}.dist-info`), { recursive: true });
    }
    mkdirSync(this.model);
    writeFileSync(join(this.model, "config.json"), "{}");
    writeFileSync(join(this.model, "model.safetensors"), "weights");
  }

  /** What the variables of the stand-ins are from the next start on. */
  behaves(variables: Readonly<Record<string, string>>): void {
    const path = join(this.folder, "behaviour");
    const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${value}\n`);
    writeFileSync(`${path}.new`, lines.join(""));
    renameSync(`${path}.new`, path);
  }

  get vllm(): string {
    return join(this.bin, "vllm");
  }

  get sglang(): string {
    return join(this.bin, "sglang");
  }

  end(): void {
    rmSync(this.folder, { recursive: true });
  }

  #script(name: string, line: string): void {
    const behaviour = join(this.folder, "behaviour");
    const read = `if [ -e ${behaviour} ]; then . ${behaviour}; fi`;
    writeFileSync(join(this.bin, name), `#!/bin/sh\n${read}\n${line}\n`);
    chmodSync(join(this.bin, name), 0o755);
  }
}
