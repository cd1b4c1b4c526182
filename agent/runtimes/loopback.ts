import { request } from "node:http";

export interface Answer {
  status: number;
  body: string;
}

const most_bytes = 1024 * 1024;

/**
 * One HTTP exchange with a runtime on this host; BODY is sent by POST, a form as it is and all else as JSON, EXTRA as headers. node:http and not
 * fetch, because Bun's fetch sends loopback requests to HTTP_PROXY too. Rejects when nobody
 * listens, when the answer is larger than a megabyte, and when SIGNAL aborts.
 */
export function askLoopback(
  port: number,
  path: string,
  signal: AbortSignal,
  body?: unknown,
  extra: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return new Promise((settle, fail) => {
    const { type, bytes } = wordsOf(body);
    const headers = type === undefined ? extra : { ...extra, "content-type": type };
    const method = bytes === undefined ? "GET" : "POST";
    const asked = request(
      { host: "127.0.0.1", port, path, method, headers, signal, agent: false },
      (response) => {
        let answer = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          answer += chunk;
          if (answer.length > most_bytes) asked.destroy(new Error("The answer is too long."));
        });
        response.on("end", () => settle({ status: response.statusCode ?? 0, body: answer }));
        response.on("error", fail);
      },
    );
    asked.on("error", fail);
    asked.end(bytes);
  });
}

/** A body that is ready to be sent. */
export interface Form {
  type: string;
  bytes: Uint8Array;
}

function wordsOf(body: unknown): { type?: string; bytes?: string | Uint8Array } {
  if (body === undefined) return {};
  const isForm = typeof body === "object" && body !== null && "bytes" in body && "type" in body;
  if (isForm && body.bytes instanceof Uint8Array) {
    return { type: String(body.type), bytes: body.bytes };
  }
  return { type: "application/json", bytes: JSON.stringify(body) };
}
