/** For handlers that speak the Fetch API: the control API and the dashboard, where speed is not all. */
import type { Answer } from "./answer.ts";
import { BodyStream } from "./body-stream.ts";
import type { ServerRequest } from "./incoming.ts";
import { ProtocolError } from "./protocol-error.ts";

const bodyless: ReadonlySet<string> = new Set(["GET", "HEAD"]);
/** A `Request` cannot have them (Fetch 2.2.1). */
const unspeakable: ReadonlySet<string> = new Set(["CONNECT", "TRACE", "TRACK"]);

/**
 * REQUEST as the Fetch API has it, its body read up to LIMIT bytes. A longer one, or one of unknown
 * length, is left unread: handlers refuse it by its headers. The signal is aborted when the client leaves.
 * Rejects with a `ProtocolError`.
 */
export async function toFetch(request: ServerRequest, limit: number): Promise<Request> {
  const { method, headers, target, length } = request;
  if (unspeakable.has(method)) {
    throw new ProtocolError("This method is not understood here.", 501);
  }
  const gone = new AbortController();
  request.onGone(() => gone.abort());
  const isRead = length > 0 && length <= limit && !bodyless.has(method);
  return new Request(addressOf(headers.get("host"), target), {
    method,
    headers: [...headers.entries()],
    signal: gone.signal,
    ...(isRead && { body: new Uint8Array(await request.read(limit)) }),
  });
}

/** RESPONSE as our server sends it. What is done with its first piece goes out with a length. */
export async function fromFetch(response: Response, gone: AbortSignal): Promise<Answer> {
  const headers = [...response.headers].filter(([name]) => name !== "content-length");
  const answer = { status: response.status, headers };
  const reader = response.body?.getReader();
  if (!reader) return { ...answer, body: null };
  const cancel = () => void reader.cancel().catch(() => undefined);
  if (gone.aborted) cancel();
  else gone.addEventListener("abort", cancel);
  const first = await reader.read();
  if (first.done) return { ...answer, body: "" };
  const second = reader.read();
  const isWhole = await Promise.race([second.then(({ done }) => done), nextTurn()]);
  if (isWhole) return { ...answer, body: first.value };
  return { ...answer, body: pour(first.value, second, reader) };
}

const nextTurn = (): Promise<false> => new Promise((resolve) => setImmediate(resolve, false));

type Piece = Awaited<ReturnType<ReadableStreamDefaultReader<Uint8Array>["read"]>>;

function pour(
  first: Uint8Array,
  second: Promise<Piece>,
  reader: { read(): Promise<Piece> },
): BodyStream {
  let keepsUp = Promise.resolve();
  let resume = (): void => undefined;
  const stream = new BodyStream({
    slow() {
      ({ promise: keepsUp, resolve: resume } = Promise.withResolvers<void>());
    },
    ready: () => resume(),
  });
  const pump = async (): Promise<void> => {
    stream.write(first);
    for (let piece = await second; !piece.done; piece = await reader.read()) {
      stream.write(piece.value);
      await keepsUp;
    }
  };
  pump().then(
    () => stream.end(),
    () => stream.abort(),
  );
  return stream;
}

/** What a person typed to get here; HOST has the form of one, which does not make it one. */
function addressOf(host: string | null, target: string): string {
  const path = target === "*" ? "/*" : target;
  const said = host ? `http://${host}${path}` : "";
  return URL.canParse(said) ? said : `http://localhost${path}`;
}
