/**
 * Where a page's lines are run: the demo of this checkout in a separate home, a hub that has the models which pages
 * name, and a folder with the files that they name. Nobody's machine changes.
 */
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { HubTestbed } from "../../../agent/weights/hub/hub.testbed.ts";
import truth from "../../control/scheduler/sizing/truth.json";
import { freePort, Testbed } from "../appliance.testbed.ts";
import { withStandIns } from "./stand-ins.ts";

const checkout = join(import.meta.dir, "../../..");
const gguf = join(checkout, "agent/weights/demo/hypervize-demo.gguf");

export interface Ran {
  code: number | null;
  output: string;
}

export class Sandbox {
  readonly #testbed = new Testbed();
  readonly #root = this.#testbed.folder();
  /** Where lines are run. */
  readonly #folder = join(this.#root, "work");
  readonly #env: Record<string, string> = {};
  #hub: HubTestbed | undefined;

  /** Starts the demo, as the first line of README does. */
  async start(): Promise<void> {
    const files = { "model-Q4_K_M.gguf": gguf };
    this.#hub = await HubTestbed.start({
      repos: {
        "org/model": { files },
        "org/repo": { files },
        "Qwen/Qwen3-0.6B-GGUF": { files: { "Qwen3-0.6B-Q8_0.gguf": gguf } },
      },
    });
    const bin = join(this.#root, "bin");
    for (const folder of [bin, this.#folder]) mkdirSync(folder);
    const script = (file: string, text: string): void => {
      writeFileSync(file, `#!/bin/sh\n${text}\n`);
      chmodSync(file, 0o755);
    };
    script(join(bin, "hypervize"), `exec ${checkout}/dist/hypervize "$@"`);
    script(join(this.#folder, "install.sh"), `exec ${checkout}/install.sh "$@"`);
    script(join(bin, "npm"), `cd ${checkout} && exec ${Bun.which("npm")} "$@"`);
    script(join(bin, "curl"), `exec ${Bun.which("curl")} -sS --fail-with-body --noproxy '*' "$@"`);
    // field PATH: of the JSON on standard input, as `field data.0.id`, or `data.-1.id` for the last.
    script(
      join(bin, "field"),
      `exec ${process.execPath} -e 'let at = await Bun.stdin.json(); for (const name of process.argv[1].split(".")) at = Array.isArray(at) ? at.at(Number(name)) : at[name]; console.log(at)' "$1"`,
    );
    const config = truth.configs["Qwen/Qwen3-0.6B"].config;
    writeFileSync(join(this.#folder, "config.json"), JSON.stringify(config));
    copyFileSync(gguf, join(this.#folder, "model-Q4_K_M.gguf"));
    Object.assign(this.#env, {
      PATH: [bin, dirname(process.execPath), process.env["PATH"]].join(":"),
      HOME: this.#root,
      ROOT: join(this.#root, "root"),
      PORT: String(await freePort()),
      CHECKOUT: checkout,
      HYPERVIZE_HOME: join(this.#root, "home"),
      HF_ENDPOINT: this.#hub.url,
    });
    const { code, output } = await this.run("./install.sh --demo --detach --port $PORT");
    if (code !== 0) throw new Error(output);
    const home = join(this.#root, "home");
    this.#env["KEY"] = (await Bun.file(join(home, "demo.json")).json()).api_key;
    this.#env["ADMIN_KEY"] = (await Bun.file(join(home, "admin-key")).text()).trim();
    // For pages that ask about an endpoint and make none.
    const made = await this.run(
      "hypervize endpoints create builtin:hypervize-demo --name desk --wait",
    );
    if (made.code !== 0) throw new Error(made.output);
  }

  /** TEXT in a shell that ends at the first error; the appliance of the pages is the sandbox's. */
  async run(text: string): Promise<Ran> {
    const child = Bun.spawn(["sh", "-euc", withStandIns(text)], {
      cwd: this.#folder,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      // Under `npm test --silent` npm would say nothing here either.
      env: { ...process.env, npm_config_loglevel: "notice", ...this.#env },
      timeout: 120_000,
    });
    const said = [child.stdout, child.stderr].map((stream) => new Response(stream).text());
    const output = (await Promise.all(said)).join("");
    return { code: await child.exited, output };
  }

  async end(): Promise<void> {
    await this.run("hypervize stop");
    await this.#testbed.end();
    await this.#hub?.stop();
  }
}
