/** What the word `model` of a provision names. Pure. */
import {
  type HubSource,
  isRevision,
  parseHubSource,
} from "../../../../agent/contract/gguf/hub-source.ts";
import { s3_form } from "../../../../agent/contract/s3/refusal.ts";
import { isS3Place, parseS3Source } from "../../../../agent/contract/s3/source.ts";
import { badRequest, type Failure } from "../../../shared/failure.ts";
import type { Asked, Runtime } from "./artifact.ts";

export type Named =
  | { from: "builtin"; name: string }
  | { from: "file"; path: string }
  | { from: "hub"; hub: HubSource }
  | { from: "s3"; place: HubSource };

/** Throws a 400 that lists the forms. */
export function namedModel({ model, revision }: Pick<Asked, "model" | "revision">): Named {
  if (model.startsWith("builtin:")) return { from: "builtin", name: model.slice(8) };
  if (/^file:/i.test(model)) return { from: "file", path: pathIn(model) };
  if (isS3Place(model)) return { from: "s3", place: placeIn(model, revision) };
  const hub = parseHubSource(model.replace(/^hf:\/\//, "hf:"));
  if (!hub) {
    throw notNamed(
      "`model` is ORG/REPO or ORG/REPO:FILE-or-QUANT of the hub, s3://BUCKET/FOLDER, file:///absolute/path, or builtin:hypervize-demo.",
    );
  }
  if (revision === null) return { from: "hub", hub };
  if (!isRevision(revision)) {
    throw badRequest("`revision` is a branch, a tag or a commit.", "revision");
  }
  if (hub.revision !== null && hub.revision !== revision) {
    throw badRequest(
      `\`model\` says revision ${hub.revision} and \`revision\` says ${revision}. Leave one out.`,
      "revision",
    );
  }
  return { from: "hub", hub: { ...hub, revision } };
}

function placeIn(model: string, revision: string | null): HubSource {
  if (revision !== null) {
    throw badRequest(
      "`revision` is for models of the hub: one in S3 is kept as it is when the endpoint is made. Leave it out.",
      "revision",
    );
  }
  const place = parseS3Source(model);
  if (place) return place;
  throw notNamed(s3_form);
}

/** Only the plain spelling: nothing that a URL parser would rewrite or cut off. */
function pathIn(model: string): string {
  const path = model.slice("file://".length);
  const plain = /^file:\/\/\/[^/]/.test(model) && model.length <= 4096;
  if (plain && !/\/\.{1,2}(?:\/|$)|[?#%\\\p{C}]/u.test(path)) return path.replace(/\/+$/, "");
  throw notNamed("`model` with file: is the plain absolute path, as in file:///models/chat.gguf.");
}

const notNamed = (message: string): Failure => badRequest(message, "model");

/** The runtime for a file or a folder; `auto` goes by what it is. Throws a 400 for one that cannot run it. */
export function runtimeFor(path: string, asked: Asked["runtime"]): Runtime {
  const gguf = path.endsWith(".gguf");
  const runtime = asked === "auto" ? (gguf ? "llama-server" : "vllm") : asked;
  if (gguf === (runtime === "llama-server")) return runtime;
  throw badRequest(
    gguf
      ? `${runtime} needs a folder of safetensors, and this is a GGUF file. Use runtime llama-server.`
      : "llama-server needs a GGUF file: name the .gguf file itself, not its folder.",
    "runtime",
    "unsupported_format",
  );
}

/** Where the hub cannot be asked, its names have to tell: `-GGUF`, or a file behind a colon. */
export function runtimeByName(hub: HubSource, asked: Asked["runtime"]): Runtime {
  if (asked !== "auto") return asked;
  return hub.word !== null || /gguf/i.test(hub.repository) ? "llama-server" : "vllm";
}
