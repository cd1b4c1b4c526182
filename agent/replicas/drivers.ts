import { join } from "node:path";
import type { AgentOptions } from "../options.ts";
import { sglang, vllm } from "../runtimes/engine.ts";
import { openGuard } from "../runtimes/guard.ts";
import { installedRuntime } from "../runtimes/installed.ts";
import { llamaServer } from "../runtimes/llama-server.ts";
import type { RuntimeDriver } from "../runtimes/runtime.ts";

/** The runtimes that may work on this host, whether they are found or not. */
export async function driversOf(options: AgentOptions, folder: string): Promise<RuntimeDriver[]> {
  const llama = options.llamaServer ?? (await installedRuntime(options.home, "llama-server"));
  const path = options.env["PATH"];
  const guard = await openGuard(join(folder, "guard"));
  const container = (image: string | undefined) =>
    image === undefined
      ? undefined
      : {
          image,
          env: options.env,
          program: options.containerProgram,
          log: options.log,
          cache_folder: join(folder, "containers"),
        };
  return [
    llamaServer(llama),
    vllm({ executable: options.vllm, path, guard, container: container(options.vllmImage) }),
    sglang({ executable: options.sglang, path, guard, container: container(options.sglangImage) }),
  ];
}
