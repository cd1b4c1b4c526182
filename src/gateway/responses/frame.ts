/** One frame of a runtime's stream, whichever of the two protocols it is in. */
import type { Failure } from "../../failure.ts";
import { readFrame } from "../frames.ts";
import { isObject } from "../json.ts";
import { failureFromFrame } from "../runtime-error.ts";

type Body = Readonly<Record<string, unknown>>;

/** No event that is meant to be one is longer: what is would only fill the memory. */
export const maxFrameBytes = 8 * 1024 * 1024;

/** "done" for `[DONE]`, a failure when the runtime tells of one, null when the frame says nothing. */
export function frameMeaning(frame: Buffer): Body | Failure | "done" | null {
  const event = readFrame(frame);
  if (!event) return null;
  if (event.data.trim() === "[DONE]") return "done";
  const value = parse(event.data);
  if (event.isError) return failureFromFrame(value);
  if (!isObject(value)) return null;
  const isError = value["type"] === "error" || isObject(value["error"]);
  return isError ? failureFromFrame(value) : value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
