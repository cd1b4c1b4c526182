import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { isAbsolute } from "node:path";
import { fileURLToPath } from "node:url";
import { errorCode, isMissing } from "../durable-file.ts";
import { Refusal } from "../refusal.ts";
import type { HubWeights } from "./hub/hub-weights.ts";
import type { Weights } from "./weights.ts";

/** Weights that travel inside the program: each name gives the path of its copy in the home. */
export type Builtins = Readonly<Record<string, () => Promise<string>>>;

const SUPPORTED =
  "Use builtin:NAME, file:///absolute/path.gguf, or hf:ORG/REPO with @REVISION and :FILE or :QUANT if needed.";

/** Everything that a source can name. */
export function weightsFrom(builtins: Builtins, hub: Pick<HubWeights, "get" | "sources">): Weights {
  return {
    async resolve(request) {
      if (request.source.startsWith("hf:")) return hub.get(request);
      const path = await localPath(request.source, builtins);
      return { path, bytes: (await stat(path)).size };
    },
    sources: () => hub.sources(),
  };
}

async function localPath(source: string, builtins: Builtins): Promise<string> {
  if (source.startsWith("builtin:")) {
    const name = source.slice("builtin:".length);
    const copy = Object.hasOwn(builtins, name) ? builtins[name] : undefined;
    if (copy !== undefined) return copy();
    const names = Object.keys(builtins).join(", ");
    throw new Refusal(
      "not_found",
      `No model ${JSON.stringify(name)} is built in. There is: ${names}.`,
    );
  }
  if (source.startsWith("file:")) return readableFile(pathOf(source));
  throw new Refusal(
    "config",
    `This agent cannot get weights from ${JSON.stringify(source)}. ${SUPPORTED}`,
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
  throw new Refusal("config", `${JSON.stringify(source)} names no absolute path. ${SUPPORTED}`);
}

async function readableFile(path: string): Promise<string> {
  try {
    const found = await stat(path);
    if (!found.isFile()) {
      throw new Refusal("config", `${path} is not a file. Name the .gguf file itself.`);
    }
    await access(path, constants.R_OK);
    return path;
  } catch (error) {
    if (isMissing(error)) {
      throw new Refusal("not_found", `${path} does not exist on this host. Copy the model there.`);
    }
    if (errorCode(error) === "EACCES") {
      throw new Refusal("config", `The agent's user may not read ${path}. Change its permissions.`);
    }
    throw error;
  }
}
