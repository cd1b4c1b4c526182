import { constants } from "node:fs";
import { access, readdir, stat } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";
import { errorCode, isMissing } from "../files/durable-file.ts";
import { StartError } from "../replicas/start-error.ts";
import type { HubWeights } from "./hub/hub-weights.ts";
import type { Weights, WeightsFound, WeightsRequest } from "./weights.ts";

/** Weights that travel inside the program: each name gives the path of its copy in the home. */
export type Builtins = Readonly<Record<string, () => Promise<string>>>;

const supported =
  "Use builtin:NAME, file:///absolute/path, or hf:ORG/REPO with @REVISION and :FILE or :QUANT if needed, or s3://BUCKET/FOLDER.";

/** Everything that a source can name. */
export function weightsFrom(builtins: Builtins, hub: Pick<HubWeights, "get" | "sources">): Weights {
  return {
    async resolve(request) {
      if (/^(?:hf|s3):/.test(request.source)) return hub.get(request);
      return local(request.source, request.format, builtins);
    },
    sources: () => hub.sources(),
  };
}

async function local(
  source: string,
  format: WeightsRequest["format"],
  builtins: Builtins,
): Promise<WeightsFound> {
  if (source.startsWith("builtin:")) {
    const name = source.slice("builtin:".length);
    const copy = Object.hasOwn(builtins, name) ? builtins[name] : undefined;
    if (copy !== undefined) return readable(await copy(), format);
    const names = Object.keys(builtins).join(", ");
    throw new StartError(
      "not_found",
      `No model ${JSON.stringify(name)} is built in. Available: ${names}.`,
    );
  }
  if (source.startsWith("file:")) return readable(pathOf(source), format);
  throw new StartError(
    "config",
    `This agent cannot get weights from ${JSON.stringify(source)}. ${supported}`,
  );
}

function pathOf(source: string): string {
  try {
    const path = fileURLToPath(source);
    const isPlain = source.startsWith("file:///") && isAbsolute(path) && !path.includes("\0");
    if (isPlain) return path;
  } catch {
    // Falls through to the sentence below.
  }
  throw new StartError("config", `${JSON.stringify(source)} names no absolute path. ${supported}`);
}

async function readable(path: string, format: WeightsRequest["format"]): Promise<WeightsFound> {
  try {
    const found = await stat(path);
    if (format === "safetensors")
      return { path, bytes: await folderBytes(path, found.isDirectory()) };
    if (!found.isFile()) {
      throw new StartError("config", `${path} is not a file. Name the .gguf file itself.`);
    }
    await access(path, constants.R_OK);
    return { path, bytes: found.size };
  } catch (error) {
    if (isMissing(error)) {
      throw new StartError(
        "not_found",
        `${path} does not exist on this host. Copy the model there.`,
      );
    }
    if (errorCode(error) === "EACCES") {
      throw new StartError(
        "config",
        `The agent's user may not read ${path}. Change its permissions.`,
      );
    }
    throw error;
  }
}

/** Of all files at the top of the folder, each of which may be read. */
async function folderBytes(path: string, is_folder: boolean): Promise<number> {
  const names = is_folder ? await readdir(path) : [];
  if (!names.includes("config.json") || !names.some((name) => name.endsWith(".safetensors"))) {
    throw new StartError(
      "config",
      `${path} is no folder with config.json and safetensors. Name the folder of the model.`,
    );
  }
  const found = await Promise.all(
    names.map(async (name) => {
      await access(join(path, name), constants.R_OK);
      return stat(join(path, name));
    }),
  );
  return found.reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0);
}
