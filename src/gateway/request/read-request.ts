import type { ServerRequest } from "../../shared/http1/incoming.ts";
import type { Kind } from "./allow-list.ts";
import { bodyOf, requireType } from "./body.ts";
import { parseForm } from "./form.ts";
import { type ParsedRequest, parseRequest, requestOfForm } from "./parsed-request.ts";

interface Most {
  body_bytes: number;
  upload_bytes: number;
}

type Asked = { kind: Kind; endpoint: string | null };

/** Reads what REQUEST asks for; no promise when its body is here already. Throws 400, 413 and 415. */
export function readRequest(
  request: ServerRequest,
  asked: Asked,
  most: Most,
): ParsedRequest | Promise<ParsedRequest> {
  const isUpload = asked.kind === "audio/transcriptions";
  if (isUpload) requireType(request, /^multipart\/form-data\s*;/i, "multipart/form-data");
  else requireType(request, /^application\/json\s*(;|$)/i, "application/json");
  const body = bodyOf(request, isUpload ? most.upload_bytes : most.body_bytes);
  const read = isUpload
    ? (bytes: Buffer) =>
        requestOfForm(parseForm(bytes, typeOf(request)), asked.kind, asked.endpoint)
    : (bytes: Buffer) => parseRequest(bytes.toString("utf8"), asked.kind, asked.endpoint);
  return body instanceof Promise ? body.then(read) : read(body);
}

const typeOf = ({ headers }: ServerRequest): string => headers.get("content-type") ?? "";
