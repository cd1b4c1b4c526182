/** What comes behind an answer is nobody's, least of all the next user's. */
import { afterEach, expect, test } from "bun:test";
import { createUpstream } from "./client.ts";
import type { Address } from "./request.ts";
import { type Answering, scriptedServer } from "./scripted-server.ts";

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

const provider = { tls: null, base_path: "", authorization: "" };
const own = "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nown";
const stray = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nstray";

/** Asks COUNT times, one after the other; each answer is made by ANSWER. */
async function asked(
  count: number,
  answer: (answering: Answering) => void,
  more: Partial<Address> = {},
): Promise<{ answers: string[]; connections: number }> {
  const server = scriptedServer((_, answering) => answer(answering));
  // A clock that stands still: nothing that is kept has rested.
  const upstream = createUpstream({ now: () => 0 });
  cleanups.push(server.stop, () => upstream.close());
  const answers: string[] = [];
  for (let index = 0; index < count; index++) {
    const { promise, resolve } = Promise.withResolvers<string>();
    let text = "";
    const data = (bytes: Buffer): void => {
      text += bytes.toString();
    };
    upstream.send(
      { host: "127.0.0.1", port: server.port, ...more },
      { method: "POST", path: "/", headers: [], body: "" },
      { head() {}, data, end: () => resolve(text), fail: ({ kind }) => resolve(kind) },
    );
    answers.push(await promise);
  }
  return { answers, connections: server.connections() };
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

/** Sends STRAY about when the answer has been read, and perhaps the next request sent. */
function late(first: string): (answering: Answering) => Promise<void> {
  let count = 0;
  return async (answering) => {
    answering.raw(first);
    for (let turns = ++count % 8; turns >= 0; turns--) await nextTurn();
    answering.raw(stray);
  };
}

test.each([
  ["a list with close", own.replace("\r\n", "\r\nconnection: keep-alive, close\r\n")],
  ["a list with close and blanks", own.replace("\r\n", "\r\nconnection: x\t,CLOSE , y\r\n")],
  [
    "close in the second field",
    own.replace("\r\n", "\r\nconnection: keep-alive\r\nconnection: close\r\n"),
  ],
  ["a 304 with a length", "HTTP/1.1 304 X\r\ncontent-length: 5\r\n\r\n"],
])("what comes after %s is never the next answer", async (_, first) => {
  const { answers, connections } = await asked(40, late(first));
  expect(new Set(answers)).toEqual(new Set([first.startsWith("HTTP/1.1 304") ? "" : "own"]));
  expect(connections).toBe(40);
});

test("a service elsewhere that goes on after its answer is not believed, whatever it said", async () => {
  const { answers, connections } = await asked(40, late(own), { provider });
  expect(new Set(answers)).toEqual(new Set(["own"]));
  expect(connections).toBe(40);
});

test("a connection on which something comes while it is idle is closed", async () => {
  const gone = Promise.withResolvers<void>();
  await asked(1, (answering) => {
    void answering.gone.then(gone.resolve);
    answering.raw(own);
    setImmediate(() => answering.raw("x"));
  });
  await gone.promise;
});
