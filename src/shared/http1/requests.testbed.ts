/** For tests: well-formed requests in all their forms, and what becomes of them on the way. */
import type { Dice } from "./seeded.testbed.ts";

export interface Sent {
  method: string;
  /** As latin1. */
  text: string;
  /** What an echo says of it; null for HEAD. */
  echo: string | null;
}

type Form = (dice: Dice, path: string) => Sent;

const field = (dice: Dice): string =>
  dice.pick([
    "",
    "accept: */*\r\n",
    "X-Empty:\r\n",
    'x-odd: \t a\xe9;b="c" \t\r\n',
    `x-long: ${"v".repeat(dice.below(2_000))}\r\n`,
    "connection: keep-alive\r\n",
  ]);

const get: Form = (dice, path) => ({
  method: "GET",
  text: `${dice.pick(["", "\r\n"])}GET ${path} HTTP/1.1\r\nHost: x\r\n${field(dice)}\r\n`,
  echo: `GET ${path} []`,
});

const head: Form = (dice, path) => ({
  method: "HEAD",
  text: `HEAD ${path} HTTP/1.1\r\nhost: x:80\r\n${field(dice)}\r\n`,
  echo: null,
});

const absolute: Form = (_, path) => ({
  method: "GET",
  text: `GET http://elsewhere${path} HTTP/1.1\r\nhost: x\r\n\r\n`,
  echo: `GET ${path} []`,
});

/** On a separate path, because a stream would be its connection's last answer. */
const old: Form = (dice) => ({
  method: "GET",
  text: `GET /old HTTP/1.0\r\n${dice.pick(["host: x\r\n", ""])}connection: keep-alive\r\n\r\n`,
  echo: "GET /old []",
});

const post: Form = (dice, path) => {
  const body = bodyOf(dice);
  const expect = dice.one(8) ? "expect: 100-continue\r\n" : "";
  return {
    method: "POST",
    text: `POST ${path} HTTP/1.1\r\nhost: x\r\n${field(dice)}${expect}content-length: ${body.length}\r\n\r\n${body}`,
    echo: `POST ${path} [${body}]`,
  };
};

const chunked: Form = (dice, path) => {
  const body = bodyOf(dice);
  let chunks = "";
  for (let at = 0; at < body.length; ) {
    const chunk = body.slice(at, at + 1 + dice.below(dice.pick([3, 50, 5_000])));
    const size = dice.pick([
      chunk.length.toString(16),
      `00${chunk.length.toString(16).toUpperCase()}`,
    ]);
    chunks += `${size}${dice.pick(["", "", ";a=b", ' ;a="b;c"'])}\r\n${chunk}\r\n`;
    at += chunk.length;
  }
  const trailers = dice.pick(["", "", "x-sum: 1\r\n", "a: b\r\nc: d\r\n"]);
  return {
    method: "POST",
    text: `POST ${path} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n${chunks}0\r\n${trailers}\r\n`,
    echo: `POST ${path} [${body}]`,
  };
};

const bodyOf = (dice: Dice): string =>
  dice.pick(["", "x", "\r\n\r\n", "GET / HTTP/1.1\r\nhost: y\r\n\r\n", "0\r\n\r\n", "\xff\0\x80"]) +
  "b".repeat(dice.below(dice.pick([10, 10, 10_000])));

const forms: readonly [Form, ...Form[]] = [
  get,
  get,
  head,
  absolute,
  old,
  post,
  post,
  chunked,
  chunked,
];

/** Some requests for one connection, for paths under PREFIX. */
export function pipeline(dice: Dice, prefix: string): Sent[] {
  const count = 1 + dice.below(5);
  return Array.from({ length: count }, (_, index) => dice.pick(forms)(dice, `${prefix}${index}`));
}

const nasty: readonly [string, ...string[]] = [
  ...([
    "\r\n",
    "\r\n\r\n",
    "\n",
    "\n\n",
    "\r",
    "\0",
    " ",
    "\t",
    ":",
    ";",
    "\xff",
    "%",
    "?",
  ] as const),
  ...(["content-length: 5\r\n", "Content-Length: 0\r\n", "content-length: -1\r\n"] as const),
  ...(["transfer-encoding: chunked\r\n", "Transfer-Encoding:\tidentity\r\n"] as const),
  ...(["0\r\n\r\n", "ffffffffffff\r\n", "0;", "connection: close\r\n"] as const),
  ...([
    "expect: 100-continue\r\n",
    "expect: 200-ok\r\n",
    "host: [:::\r\n",
    "host: 1.2.3.4.5\r\n",
  ] as const),
  ...([
    "TRACE /t HTTP/1.1\r\nhost: x\r\n\r\n",
    "CONNECT /f/c HTTP/1.1\r\nhost: x\r\n\r\n",
  ] as const),
  ...([
    "OPTIONS * HTTP/1.1\r\nhost: x\r\n\r\n",
    "FOO /f HTTP/1.1\r\nhost: x:99999\r\n\r\n",
  ] as const),
  ...["A".repeat(9_000), "a: b\r\n".repeat(130), "b".repeat(40_000)],
];

type Mutation = (text: string, at: number, dice: Dice) => string;

const mutations: readonly [Mutation, ...Mutation[]] = [
  (text, at, dice) =>
    text.slice(0, at) +
    String.fromCharCode(text.charCodeAt(at) ^ (1 << dice.below(8))) +
    text.slice(at + 1),
  (text, at, dice) => text.slice(0, at) + text.slice(at + 1 + dice.below(dice.pick([1, 4, 200]))),
  (text, at) => text.slice(0, at),
  (text, at, dice) => text.slice(0, at) + text.slice(Math.max(0, at - dice.below(60))),
  (text, at, dice) => text.slice(0, at) + dice.pick(nasty) + text.slice(at),
  (text, at, dice) => {
    const line = text.indexOf("\r\n", at) + 2;
    return text.slice(0, line) + dice.pick(nasty) + text.slice(line);
  },
];

/** TEXT with something wrong with it, mostly. */
export function mutated(text: string, dice: Dice): string {
  let result = text;
  for (let count = 1 + dice.below(3); count > 0 && result.length > 0; count--) {
    result = dice.pick(mutations)(result, dice.below(result.length), dice);
  }
  return result;
}

/** TEXT in pieces, as a network might deliver it. */
export function pieces(text: string, dice: Dice): string[] {
  const cuts = Array.from({ length: dice.below(6) }, () => dice.below(text.length + 1));
  const ends = [...cuts, text.length].sort((one, other) => one - other);
  return ends
    .map((end, index) => text.slice(ends[index - 1] ?? 0, end))
    .filter((piece) => piece !== "");
}
