/** The content of an input item as that of a chat message. */
import { badRequest } from "../../../shared/failure.ts";
import { isObject } from "../../request/json.ts";

type Part = Readonly<Record<string, unknown>>;

/** A string wherever there is only text: more chat templates can read that than a list. */
export type Content = string | Part[];

/** CONTENT is a string or a list of parts. Throws 400 with PARAM, where it stands, for anything else. */
export function chatContent(content: unknown, param: string): Content {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) {
    throw badRequest(`\`${param}\` must be a string or an array.`, param);
  }
  const parts = content.map((part, index) => chatPart(part, `${param}[${index}]`));
  if (parts.some((part) => part["type"] !== "text")) return parts;
  return parts.map((part) => part["text"]).join("\n");
}

function chatPart(part: unknown, param: string): Part {
  if (!isObject(part)) throw badRequest(`\`${param}\` must be an object.`, param);
  switch (part["type"]) {
    case "input_text":
    case "output_text":
    case "text":
      return { type: "text", text: textAt(part, "text", param) };
    case "refusal":
      return { type: "text", text: textAt(part, "refusal", param) };
    case "input_image":
      return image(part, param);
    case "input_audio":
      return { type: "input_audio", input_audio: part["input_audio"] };
    default:
      throw badRequest(
        `\`${param}.type\` must be input_text, output_text, input_image or input_audio. Send what a file says as text.`,
        `${param}.type`,
        "unsupported_value",
      );
  }
}

function image(part: Record<string, unknown>, param: string): Part {
  const { image_url: url, detail } = part;
  if (typeof url !== "string") {
    throw badRequest(
      `\`${param}.image_url\` must be a URL or a data URL: no files are kept here.`,
      `${param}.image_url`,
    );
  }
  return { type: "image_url", image_url: typeof detail === "string" ? { url, detail } : { url } };
}

/** FIELD of VALUE, which stands at PARAM, when it is a string; 400 otherwise. */
export function textAt(
  value: Readonly<Record<string, unknown>>,
  field: string,
  param: string,
): string {
  const text = value[field];
  if (typeof text !== "string") {
    throw badRequest(`\`${param}.${field}\` must be a string.`, `${param}.${field}`);
  }
  return text;
}
