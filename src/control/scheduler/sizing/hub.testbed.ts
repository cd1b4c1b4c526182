/** A model hub on loopback: lists and serves files as huggingface.co does, redirects to a storage of another origin, and writes down who asked for what. */
import type { Hub } from "./hub-request.ts";

export interface TestRepository {
  files: Readonly<Record<string, Uint8Array | string>>;
  /** This token alone opens it. */
  token?: string;
  /** Sizes that the listing claims instead of the true ones. */
  claims?: Readonly<Record<string, number | null>>;
}

export interface Asked {
  at: "hub" | "storage";
  path: string;
  authorization: string | null;
  range: string | null;
}

export const test_commit = "0123456789abcdef0123456789abcdef01234567";

export interface TestHub extends Hub, Disposable {
  asked: Asked[];
  /** How the storage misbehaves. */
  storage: { ignores_ranges?: boolean; fails?: number; silent?: boolean };
  /** Bytes that the storage has handed to its sockets. */
  sent(): number;
}

export function testHub(repositories: Readonly<Record<string, TestRepository>>): TestHub {
  const asked: Asked[] = [];
  const misbehaviour: TestHub["storage"] = {};
  let sent = 0;
  const note = (at: Asked["at"], request: Request): string => {
    const { pathname } = new URL(request.url);
    const { headers } = request;
    const [authorization, range] = [headers.get("authorization"), headers.get("range")];
    asked.push({ at, path: pathname, authorization, range });
    return decodeURIComponent(pathname);
  };
  const storage = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request) {
      const [, name = "", file = ""] =
        /^\/([^/]+\/[^/]+)\/(.+)$/.exec(note("storage", request)) ?? [];
      if (misbehaviour.silent) return new Promise<Response>(() => undefined);
      if (misbehaviour.fails) return new Response("no", { status: misbehaviour.fails });
      const bytes = bytesOf(repositories[name]?.files[file] ?? "");
      return ranged(
        bytes,
        misbehaviour.ignores_ranges ? null : request.headers.get("range"),
        (n) => {
          sent += n;
        },
      );
    },
  });
  const hub = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request) {
      const path = note("hub", request);
      const [, api, name = "", rest = ""] =
        /^(\/api\/models)?\/([^/]+\/[^/]+)\/(?:revision|resolve)\/(.+)$/.exec(path) ?? [];
      const repository = repositories[name];
      // What huggingface.co says of everything unknown to those who are not logged in.
      if (!repository) return refused(401, "", "Invalid username or password.");
      const [revision = "", ...file] = rest.split("/");
      if (!["main", "v1", test_commit].includes(revision)) return refused(404, "RevisionNotFound");
      if (api) return Response.json(listing(repository));
      const { token } = repository;
      const opened =
        token === undefined || request.headers.get("authorization") === `Bearer ${token}`;
      if (!opened) return refused(request.headers.has("authorization") ? 403 : 401, "GatedRepo");
      return Response.redirect(`${storage.url}${name}/${file.join("/")}`, 302);
    },
  });
  return {
    endpoint: hub.url.origin,
    fetch: (url, init) => fetch(url, init),
    timeout_ms: 5000,
    asked,
    storage: misbehaviour,
    sent: () => sent,
    [Symbol.dispose]() {
      void hub.stop(true);
      void storage.stop(true);
    },
  };
}

const bytesOf = (content: Uint8Array | string): Uint8Array =>
  typeof content === "string" ? new TextEncoder().encode(content) : content;

const refused = (status: number, code: string, message = ""): Response =>
  new Response("", { status, headers: { "x-error-code": code, "x-error-message": message } });

function listing({ files, claims = {} }: TestRepository) {
  const siblings = Object.entries(files).map(([rfilename, content]) => {
    const size = rfilename in claims ? claims[rfilename] : bytesOf(content).byteLength;
    return { rfilename, ...(size !== null && { size }) };
  });
  return { sha: test_commit, siblings };
}

function ranged(bytes: Uint8Array, range: string | null, sent: (bytes: number) => void): Response {
  const [, from = "0", to = ""] = /^bytes=(\d+)-(\d+)$/.exec(range ?? "") ?? [];
  if (Number(from) >= bytes.byteLength) return new Response("", { status: 416 });
  const part = bytes.subarray(Number(from), to === "" ? undefined : Number(to) + 1);
  let at = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const chunk = part.subarray(at, at + 65_536);
      at += chunk.byteLength;
      sent(chunk.byteLength);
      if (chunk.byteLength === 0) controller.close();
      else controller.enqueue(chunk);
    },
  });
  const end = Number(from) + part.byteLength - 1;
  const headers = { "content-range": `bytes ${from}-${end}/${bytes.byteLength}` };
  return new Response(body, range === null ? {} : { status: 206, headers });
}
