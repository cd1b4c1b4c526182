import { isObject } from "../request/json.ts";
import type { ParsedRequest } from "../request/parsed-request.ts";

/**
 * Embeddings in the encoding that the client asked for. openai-node asks for base64 (little-endian
 * float32) unless told otherwise, and some runtimes give numbers whatever they are asked.
 */
export function withEncoding(
  answer: Record<string, unknown>,
  ask: Pick<ParsedRequest, "body">,
): Record<string, unknown> {
  const { data } = answer;
  if (!Array.isArray(data)) return answer;
  const wanted = ask.body["encoding_format"] === "base64" ? "string" : "object";
  const fits = (item: unknown) => isObject(item) && typeof item["embedding"] === wanted;
  if (data.every(fits)) return answer;
  return { ...answer, data: data.map((item) => (isObject(item) ? reencoded(item, wanted) : item)) };
}

function reencoded(item: Record<string, unknown>, wanted: "string" | "object") {
  const { embedding } = item;
  if (wanted === "string" && Array.isArray(embedding)) {
    const bytes = Buffer.from(new Float32Array(embedding.map(Number)).buffer);
    return { ...item, embedding: bytes.toString("base64") };
  }
  if (wanted === "object" && typeof embedding === "string") {
    const bytes = Uint8Array.from(Buffer.from(embedding, "base64"));
    const whole = bytes.length - (bytes.length % 4);
    return { ...item, embedding: [...new Float32Array(bytes.buffer, 0, whole / 4)] };
  }
  return item;
}
