/** A first request, as the proof that a server can answer: its health proves little (vllm#39863). */
import { StartError } from "../replicas/start-error.ts";
import type { Answer, Form } from "./loopback.ts";

export type Attempt = () => Promise<Answer>;

export interface Prover {
  name: string;
  /** A failure says something of that request alone, and not of the whole server. */
  tries_on: boolean;
}

/** A server that is busy or still starting says so with these. */
const passing = new Set([408, 425, 429]);
/** It does not have the route, or not for this model. */
const no_route = new Set([404, 405, 501]);
const words_chars = 300;

/**
 * Makes ATTEMPTS in turn until one is answered with 200. Throws a Refusal when the server has understood all of them
 * and wants none: it would not want them either after another load, which may take minutes. Any other failure is an
 * Error, after which a new start may help. Both have the server's own words.
 */
export async function proved(
  { name, tries_on }: Prover,
  attempts: readonly Attempt[],
): Promise<void> {
  const answers: Answer[] = [];
  for (const attempt of attempts) {
    const answer = await attempt();
    if (answer.status === 200) return;
    answers.push(answer);
    if (hasFailed(answer) && !tries_on) break;
  }
  const failed = answers.find(hasFailed);
  if (failed !== undefined) {
    throw new Error(
      `It is healthy but answered a one-token request with HTTP ${failed.status}${after(failed)}`,
    );
  }
  const told = answers.find(({ status }) => !no_route.has(status)) ?? answers[0];
  if (told === undefined) return;
  throw new StartError(
    "config",
    `${name} has loaded the model but refuses a one-token request with HTTP ${told.status}${after(told)}`,
  );
}

/** It knows what it was asked for, and failed. */
const hasFailed = ({ status }: Answer): boolean =>
  passing.has(status) || (status >= 500 && !no_route.has(status));

function after({ body }: Answer): string {
  const words = wordsIn(body);
  return words === "" ? "." : `: ${words}`;
}

/** The sentence of an error: `{"error": {"message": …}}`, `{"error": …}`, `{"message": …}` or `{"detail": …}`. */
function wordsIn(body: string): string {
  const words = sentenceOf(parsed(body)) ?? "";
  const line = words.replace(/\s+/g, " ").trim();
  return line.length > words_chars ? `${line.slice(0, words_chars)}…` : line;
}

function sentenceOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return undefined;
  const fields = new Map<string, unknown>(Object.entries(value));
  for (const name of ["error", "message", "detail"]) {
    const found = sentenceOf(fields.get(name));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A page of a proxy or a framework says nothing to a person. */
function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return /^\s*</.test(body) ? undefined : body;
  }
}

const rate = 16_000;
const boundary = "hypervize-probe";

/** A second of silence, as a form that asks for its words. */
export function silenceFor(model: string): Form {
  const head = [
    part('name="model"', ["", model]),
    part('name="file"; filename="silence.wav"', ["content-type: audio/wav", "", ""]),
  ].join("\r\n");
  const bytes = Buffer.concat([
    Buffer.from(head),
    silence(),
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ]);
  return { type: `multipart/form-data; boundary=${boundary}`, bytes };
}

const part = (name: string, more: readonly string[]): string =>
  [`--${boundary}`, `content-disposition: form-data; ${name}`, ...more].join("\r\n");

/** One channel of 16-bit samples, with the header of RIFF. */
function silence(): Buffer {
  const samples = Buffer.alloc(rate * 2);
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + samples.length, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write("data", 36);
  head.writeUInt32LE(samples.length, 40);
  return Buffer.concat([head, samples]);
}
