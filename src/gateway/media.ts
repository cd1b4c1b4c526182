/**
 * Where the pictures and sounds of a request come from: the request itself, or the web. SGLang opens a file of its
 * host for any other text that ends like a picture's name, and vLLM and llama-server do for `file:` where they are
 * told to. Ready-made tensors (vLLM's `image_embeds`) are unpickled.
 */
import { badRequest } from "../shared/failure.ts";
import { isObject } from "./request/json.ts";

const addressed = ["image_url", "video_url", "audio_url", "source"];
const tensors = ["image_embeds", "audio_embeds", "video_embeds", "image_pil"];
const allowed = /^(?:https?:|data:)/i;

/** Messages hold parts, and the result of a tool among them holds its own. */
const deepest = 4;

/** Throws 400 for what a message or an item among LIST brings from elsewhere. PARAM: the field that LIST is. */
export function checkMedia(list: unknown, param: string, depth = 1): void {
  if (!Array.isArray(list) || depth > deepest) return;
  for (const each of list) {
    if (!isObject(each)) continue;
    // Nearly all of them.
    if (depth === 1 && typeof each["content"] === "string") continue;
    checkPart(each, param);
    checkMedia(each["content"], param, depth + 1);
    checkMedia(each["output"], param, depth + 1);
  }
}

function checkPart(part: Record<string, unknown>, param: string): void {
  for (const field of addressed) {
    const value = part[field];
    const url = isObject(value) ? value["url"] : value;
    if (typeof url === "string" && !allowed.test(url)) {
      throw badRequest(
        `\`${field}\` must be an address with http: or https:, or the data itself in a data: URL.`,
        param,
      );
    }
  }
  const tensor = tensors.find((field) => part[field] !== undefined && part[field] !== null);
  if (tensor === undefined) return;
  throw badRequest(
    `\`${tensor}\` does not work here. Send the picture or the sound itself.`,
    param,
  );
}
