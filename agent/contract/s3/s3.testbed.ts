/** A store of objects that speaks as much of S3 as a reader needs, and has faults on demand. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { S3Access } from "../protocol/messages.ts";
import { signatureFault, type TestKeys } from "./signature.testbed.ts";
import {
  type Answer,
  errorAnswer,
  type ListHabits,
  listAnswer,
  objectAnswer,
  type TestObject,
} from "./store-answers.testbed.ts";

export interface Asked {
  at: "list" | "head" | "get";
  method: string;
  /** Decoded, without the bucket. */
  key: string;
  range: string | undefined;
  if_match: string | undefined;
  /** Whether the answer is an object's content. */
  isObject: boolean;
  /** Bytes of the body that were given to the socket. */
  sent: number;
}

/** What goes wrong, once. */
export interface Fault {
  at: Asked["at"];
  /** With a key that ends so; without one, whichever. */
  key?: string;
  status?: number;
  code?: string;
  headers?: Record<string, string>;
  cut_after?: number;
  hang_after?: number;
  ignore_range?: boolean;
  /** Sends other bytes of the same length. */
  corrupt?: boolean;
  /** What somebody else does at this moment. */
  before?: () => void;
}

export const test_keys: TestKeys = {
  access_key_id: "AKIAOFTHETESTS",
  secret_access_key: "secretOf/the+tests=thatNobodyMaySee",
  region: "us-east-1",
};

/** PEM. */
interface Tls {
  key: string;
  cert: string;
}

const test_bucket = "models";
const chunk_bytes = 64 * 1024;

export class S3Testbed {
  readonly requests: Asked[] = [];
  /** By key. */
  readonly objects = new Map<string, TestObject>();
  /** Keys that the access key may not read. */
  readonly closed = new Set<string>();
  /** How far its clock is before ours. */
  ahead_ms = 0;
  list: ListHabits = { page_keys: 1000, version: 2 };
  bytes_per_s: number | undefined;
  #origin = "";
  readonly #faults: Fault[] = [];
  readonly #watchers = new Set<() => void>();
  readonly #server: Server;

  private constructor(tls: Tls | undefined) {
    const serve = (request: IncomingMessage, response: ServerResponse): void => {
      this.#serve(request, response).catch((error: unknown) => response.destroy(error as Error));
    };
    this.#server = tls ? createTlsServer(tls, serve) : createServer(serve);
  }

  /** TLS: a certificate for `localhost`. */
  static async start(
    objects: Record<string, TestObject | Uint8Array> = {},
    tls?: Tls,
  ): Promise<S3Testbed> {
    const testbed = new S3Testbed(tls);
    for (const [key, object] of Object.entries(objects)) testbed.put(key, object);
    await new Promise<void>((settle) => testbed.#server.listen(0, "127.0.0.1", settle));
    const { port } = testbed.#server.address() as AddressInfo;
    testbed.#origin = tls ? `https://localhost:${port}` : `http://127.0.0.1:${port}`;
    return testbed;
  }

  /** Also of one that was stopped. */
  get url(): string {
    return this.#origin;
  }

  access(changes: Partial<S3Access> = {}): S3Access {
    return { endpoint: this.url, path_style: true, ...test_keys, ...changes };
  }

  put(key: string, object: TestObject | Uint8Array): void {
    this.objects.set(key, object instanceof Uint8Array ? { body: object } : object);
  }

  failNext(...faults: Fault[]): void {
    this.#faults.push(...faults);
  }

  /** Settles when CONDITION is true; it is looked at whenever something was asked or sent. */
  async when(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((settle) => this.#watchers.add(settle));
  }

  /** Bytes of objects that were sent so far. */
  sent(): number {
    return this.requests.reduce((sum, { isObject, sent }) => sum + (isObject ? sent : 0), 0);
  }

  async stop(): Promise<void> {
    const closed = new Promise((settle) => this.#server.close(settle));
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "/", this.url);
    const [, bucket = "", ...rest] = pathname.split("/").map(decodeURIComponent);
    const asked = this.#note(request, rest.join("/"));
    const fault = this.#take(asked);
    fault?.before?.();
    const answer = await this.#answer(request, bucket, asked, searchParams, fault);
    asked.isObject = asked.at === "get" && answer.status < 300;
    const date = new Date(Date.now() + this.ahead_ms).toUTCString();
    response.writeHead(answer.status, {
      date,
      "content-length": String(answer.body.length),
      ...answer.headers,
      ...fault?.headers,
    });
    this.#send(response, asked, answer.body, fault);
  }

  async #answer(
    request: IncomingMessage,
    bucket: string,
    { key, at }: Asked,
    query: URLSearchParams,
    fault: Fault | undefined,
  ): Promise<Answer> {
    const code = await signatureFault(request, test_keys, Date.now() + this.ahead_ms);
    if (code !== undefined)
      return errorAnswer(code === "AuthorizationHeaderMalformed" ? 400 : 403, code);
    if (fault?.status) return errorAnswer(fault.status, fault.code ?? "");
    if (bucket !== test_bucket) return errorAnswer(404, "NoSuchBucket");
    if (this.closed.has(key)) return errorAnswer(403, "AccessDenied");
    if (at === "list") return listAnswer(this.objects, query, this.list);
    const object = this.objects.get(key);
    if (object === undefined) return errorAnswer(404, "NoSuchKey");
    const { range, ...headers } = request.headers;
    const known = fault?.ignore_range ? headers : { range, ...headers };
    const body = fault?.corrupt ? Buffer.alloc(object.body.length, "x") : undefined;
    return objectAnswer(object, known, query, body);
  }

  #note({ method = "", headers }: IncomingMessage, key: string): Asked {
    const at = key === "" ? "list" : method === "HEAD" ? "head" : "get";
    const { range, "if-match": if_match } = headers;
    const asked: Asked = { at, method, key, range, if_match, isObject: false, sent: 0 };
    this.requests.push(asked);
    this.#tell();
    return asked;
  }

  #take({ at, key }: Asked): Fault | undefined {
    const index = this.#faults.findIndex(
      (fault) => fault.at === at && key.endsWith(fault.key ?? ""),
    );
    return index === -1 ? undefined : this.#faults.splice(index, 1)[0];
  }

  #send(response: ServerResponse, asked: Asked, body: Uint8Array, fault: Fault | undefined): void {
    const limit = Math.min(body.length, fault?.cut_after ?? fault?.hang_after ?? body.length);
    const pump = (at: number): void => {
      if (response.destroyed) return;
      if (at < limit) step(at);
      else if (fault?.cut_after !== undefined) response.socket?.destroy();
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
    if (asked.method === "HEAD") response.end();
    else pump(0);
  }

  #tell(): void {
    for (const watcher of this.#watchers) watcher();
    this.#watchers.clear();
  }
}
