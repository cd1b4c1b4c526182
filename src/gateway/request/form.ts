/** Bodies of the kind multipart/form-data (RFC 7578): found in, and with the name of the model changed. */
import { badRequest } from "../../shared/failure.ts";

interface Part {
  name: string;
  isFile: boolean;
  /** Where its content lies in the body. */
  from: number;
  to: number;
}

export interface Form {
  /** With the boundary in it. */
  contentType: string;
  names: readonly string[];
  /** Its first field of NAME, as text; null when there is none. */
  field(name: string): string | null;
  hasFile(name: string): boolean;
  /** The whole body, with `model` named MODEL. */
  withModel(model: string): Uint8Array;
}

const max_parts = 64;
const max_field_bytes = 65_536;

/** Reads a form. Throws 400 when it is none; no message repeats what was sent. */
export function parseForm(body: Buffer, contentType: string): Form {
  const boundary = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;]{1,70}))/i.exec(contentType);
  const text = boundary?.[1] ?? boundary?.[2];
  if (text === undefined) throw broken();
  const parts = partsOf(body, Buffer.from(`--${text}`, "latin1"));
  const find = (name: string): Part | undefined => parts.find((part) => part.name === name);
  return {
    contentType,
    names: parts.map(({ name }) => name),
    field(name) {
      const part = find(name);
      if (!part || part.isFile || part.to - part.from > max_field_bytes) return null;
      return body.toString("utf8", part.from, part.to);
    },
    hasFile: (name) => find(name)?.isFile ?? false,
    withModel(model) {
      const part = find("model");
      if (!part) return body;
      const { from, to } = part;
      return Buffer.concat([body.subarray(0, from), Buffer.from(model), body.subarray(to)]);
    },
  };
}

function partsOf(body: Buffer, delimiter: Buffer): Part[] {
  const parts: Part[] = [];
  const next = Buffer.concat([Buffer.from("\r\n"), delimiter]);
  let at = body.indexOf(delimiter);
  if (at === -1) throw broken();
  at += delimiter.length;
  while (!(body[at] === 45 && body[at + 1] === 45)) {
    const headStart = body.indexOf("\r\n", at);
    const headEnd = body.indexOf("\r\n\r\n", at);
    if (headStart === -1 || headEnd === -1 || parts.length >= max_parts) throw broken();
    const from = headEnd + 4;
    const to = body.indexOf(next, headEnd + 2);
    if (to === -1) throw broken();
    parts.push(partFrom(body.toString("latin1", headStart, headEnd), from, Math.max(from, to)));
    at = to + next.length;
  }
  // Two models, and the runtime might take the other one.
  if (parts.filter(({ name }) => name === "model").length > 1) throw broken();
  return parts;
}

function partFrom(head: string, from: number, to: number): Part {
  const disposition = /\r\ncontent-disposition:\s*form-data\b([^\r]*)/i.exec(head)?.[1] ?? "";
  const name = /;\s*name="([^"]*)"/i.exec(disposition)?.[1] ?? "";
  return { name, isFile: /;\s*filename\*?=/i.test(disposition), from, to };
}

const broken = () =>
  badRequest("The body is not a form that can be read. Send it as multipart/form-data.");
