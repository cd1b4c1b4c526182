import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import {
  contentOf,
  digestsOf,
  isLarge,
  listingOf,
  type Reply,
  refusalOf,
  type TestRepo,
  test_commit,
} from "./hub-repos.testbed.ts";

export interface Asked {
  at: "hub" | "cdn";
  method: string;
  path: string;
  authorization: string | undefined;
  range: string | undefined;
  /** Bytes of the body that were given to the socket. */
  sent: number;
  /** Settles when the answer was sent or its connection is closed. */
  closed: Promise<void>;
}

/** What goes wrong, once. */
export interface Fault {
  /** With the list of files, with the hub's word on a file, or with its bytes. */
  at: "api" | "resolve" | "cdn";
  /** Answers this instead. */
  status?: number;
  /** Of the answer, over the usual ones. */
  headers?: Record<string, string>;
  /** Sends so many bytes of the body and resets the connection. */
  cut_after?: number;
  /** Sends so many bytes of the body and then nothing more, ever. */
  hang_after?: number;
  /** Answers a range with the whole file. */
  ignore_range?: boolean;
  /** Answers 206 with another range than was asked for. */
  wrong_range?: boolean;
  /** Sends other bytes than the file has. */
  corrupt?: boolean;
  /** Sends so many bytes more than the file has. */
  further?: number;
}

const chunk_bytes = 64 * 1024;

/**
 * A model hub on loopback that speaks Hugging Face's protocol: the list of files, redirects of large
 * files to a storage of another origin, X-Linked-Etag, X-Linked-Size, X-Repo-Commit, ranges and
 * X-Error-Code. It writes down who asked for what, and fails when it is told to.
 */
export class HubTestbed {
  readonly repos: Record<string, TestRepo>;
  readonly requests: Asked[] = [];
  /** How fast each body is sent; as fast as it is read without it. */
  bytes_per_s: number | undefined;
  readonly #faults: Fault[] = [];
  readonly #watchers = new Set<() => void>();
  readonly #hub: Server;
  readonly #cdn: Server;

  private constructor(repos: Record<string, TestRepo>) {
    this.repos = repos;
    this.#hub = createServer((request, response) => {
      const asked = this.#note("hub", request, response);
      const fault = this.#take(asked.path.startsWith("/api/") ? "api" : "resolve");
      this.#send(response, asked, this.#hubReply(asked, fault), fault);
    });
    this.#cdn = createServer((request, response) => {
      const asked = this.#note("cdn", request, response);
      const fault = this.#take("cdn");
      this.#send(response, asked, this.#cdnReply(asked, fault), fault);
    });
  }

  static async start({
    repos,
    address = "127.0.0.1",
  }: {
    repos: Record<string, TestRepo>;
    address?: string;
  }): Promise<HubTestbed> {
    const testbed = new HubTestbed(repos);
    const hub = testbed.#hub;
    const cdn = testbed.#cdn;
    const listening = [hub, cdn].map(
      (server) => new Promise<void>((settle) => server.listen(0, address, settle)),
    );
    await Promise.all(listening);
    return testbed;
  }

  /** For HF_ENDPOINT. */
  get url(): string {
    return originOf(this.#hub);
  }

  failNext(...faults: Fault[]): void {
    this.#faults.push(...faults);
  }

  /** Resolves when CONDITION holds, looked at whenever something was asked or sent. */
  async when(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((settle) => this.#watchers.add(settle));
  }

  /** Bytes of files that were sent so far. */
  sent(): number {
    return this.requests.filter(({ at }) => at === "cdn").reduce((sum, { sent }) => sum + sent, 0);
  }

  async stop(): Promise<void> {
    for (const server of [this.#hub, this.#cdn]) {
      const closed = new Promise((settle) => server.close(settle));
      server.closeAllConnections();
      await closed;
    }
  }

  #hubReply({ path, authorization }: Asked, fault: Fault | undefined): Reply {
    if (fault?.status) return { status: fault.status, headers: fault.headers ?? {} };
    const [, api, name = "", revision, file] =
      /^(\/api\/models)?\/([^/]+\/[^/]+)\/(?:revision|resolve)\/([^/]+)(?:\/(.+))?$/
        .exec(path)
        ?.map((part) => part && decodeURIComponent(part)) ?? [];
    const repo = this.repos[name];
    const refused = refusalOf(repo, {
      revision,
      file: api ? undefined : (file ?? ""),
      authorization,
    });
    if (refused || repo === undefined || file === undefined) {
      return refused ?? listingOf(name, repo ?? { files: {} });
    }
    const body = contentOf(repo.files[file] ?? "");
    const { etag } = digestsOf(file, body);
    const headers = { "x-repo-commit": test_commit, etag: `"${etag}"` };
    if (!isLarge(file)) return { status: 200, headers: { ...headers, ...fault?.headers }, body };
    const linked = { "x-linked-etag": `"${etag}"`, "x-linked-size": String(body.length) };
    const location = `${originOf(this.#cdn)}/${name}/${encodeURI(file)}?signature=x`;
    return { status: 302, headers: { location, ...headers, ...linked, ...fault?.headers } };
  }

  #cdnReply({ path, range }: Asked, fault: Fault | undefined): Reply {
    if (fault?.status) return { status: fault.status, headers: fault.headers ?? {} };
    const [, name = "", file = ""] =
      /^\/([^/]+\/[^/]+)\/(.+)$/.exec(decodeURIComponent(path)) ?? [];
    const whole = contentOf(this.repos[name]?.files[file] ?? "");
    const sound = fault?.corrupt ? Buffer.alloc(whole.length, "x") : whole;
    const body = fault?.further ? Buffer.concat([sound, Buffer.alloc(fault.further)]) : sound;
    if (range === undefined || fault?.ignore_range) return { status: 200, headers: {}, body };
    const from = Number(/^bytes=(\d+)-/.exec(range)?.[1]) + (fault?.wrong_range ? 1 : 0);
    if (!(from < body.length)) return { status: 416, headers: {} };
    const told = `bytes ${from}-${body.length - 1}/${body.length}`;
    return { status: 206, headers: { "content-range": told }, body: body.subarray(from) };
  }

  #note(at: Asked["at"], request: IncomingMessage, response: ServerResponse): Asked {
    const { method = "", url = "", headers } = request;
    const { authorization, range } = headers;
    const path = url.split("?")[0] ?? "";
    const closed = new Promise<void>((settle) => response.once("close", settle));
    const asked: Asked = { at, method, path, authorization, range, sent: 0, closed };
    this.requests.push(asked);
    this.#tell();
    return asked;
  }

  #take(at: Fault["at"]): Fault | undefined {
    const index = this.#faults.findIndex((fault) => fault.at === at);
    return index === -1 ? undefined : this.#faults.splice(index, 1)[0];
  }

  #send(
    response: ServerResponse,
    asked: Asked,
    { status, headers, body = new Uint8Array() }: Reply,
    fault: Fault | undefined,
  ): void {
    response.writeHead(status, { "content-length": String(body.length), ...headers });
    const limit = fault?.cut_after ?? fault?.hang_after ?? body.length;
    const end = () => {
      if (fault?.cut_after !== undefined) response.socket?.destroy();
      else if (fault?.hang_after === undefined) response.end();
    };
    const step = (at: number): void => {
      const rate = this.bytes_per_s;
      const most = rate === undefined ? chunk_bytes : Math.min(chunk_bytes, Math.ceil(rate / 20));
      const part = body.subarray(at, Math.min(limit, at + most));
      const more = response.write(part);
      asked.sent += part.length;
      this.#tell();
      const next = () => pump(at + part.length);
      if (rate !== undefined) setTimeout(next, (1000 * part.length) / rate);
      else if (more) setImmediate(next);
      else response.once("drain", next);
    };
    const pump = (at: number): void => {
      if (at >= Math.min(limit, body.length)) end();
      else if (!response.destroyed) step(at);
    };
    if (asked.method === "HEAD") response.end();
    else pump(0);
  }

  #tell(): void {
    for (const watcher of this.#watchers) watcher();
    this.#watchers.clear();
  }
}

function originOf(server: Server): string {
  const { address, port } = server.address() as AddressInfo;
  return `http://${address}:${port}`;
}
