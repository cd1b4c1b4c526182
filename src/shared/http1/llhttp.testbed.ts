/** For tests: Node's own parser, llhttp, in a separate process, because Bun's is another one. */

/** What a reader makes of the bytes of one connection. */
export interface Reading {
  /** `METHOD target [body]` of every request that is here whole, in order. */
  requests: string[];
  /** Why it read no further; null when it would. */
  error: string | null;
}

/**
 * Reads connections, one a line in base64, and answers with one `Reading` a line. Blanks behind a chunk's size are
 * to be understood (RFC 9112 7.1.1), which llhttp does only when it is told to.
 */
const program = `
const { HTTPParser, allMethods, methods } = process.binding("http_parser");
const names = allMethods ?? methods;
function read(bytes) {
  const requests = [];
  let method = "", url = "", body = "", inHead = true;
  const parser = new HTTPParser();
  parser.initialize(HTTPParser.REQUEST, {}, 32768, HTTPParser.kLenientSpacesAfterChunkSize);
  parser[HTTPParser.kOnHeaders] = (_, more) => { if (inHead) url += more; };
  parser[HTTPParser.kOnHeadersComplete] = (major, minor, headers, number, more) => {
    method = names[number]; url += more ?? ""; body = ""; inHead = false;
  };
  parser[HTTPParser.kOnBody] = (piece) => { body += piece.toString("latin1"); };
  parser[HTTPParser.kOnMessageComplete] = () => { requests.push(method + " " + url + " [" + body + "]"); url = ""; inHead = true; };
  const result = parser.execute(bytes);
  return { requests, error: typeof result === "number" ? null : result.code + ": " + result.reason };
}
require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
  process.stdout.write(JSON.stringify(read(Buffer.from(line, "base64"))) + "\\n");
});
`;

export const node = Bun.which("node");

/** What llhttp makes of each of CONNECTIONS, texts in latin1. */
export async function readByLlhttp(connections: readonly string[]): Promise<Reading[]> {
  if (!node) throw new Error("There is no node.");
  const lines = connections.map((text) => `${Buffer.from(text, "latin1").toString("base64")}\n`);
  const child = Bun.spawn([node, "--no-deprecation", "-e", program], {
    stdin: new Blob(lines),
    stdout: "pipe",
    stderr: "inherit",
  });
  const answers = (await new Response(child.stdout).text()).trimEnd().split("\n");
  await child.exited;
  return answers.map((line) => JSON.parse(line) as Reading);
}
