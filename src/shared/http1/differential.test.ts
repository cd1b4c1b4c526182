/**
 * The same bytes to our reader and to llhttp. We may refuse what it takes; what both take must be the same, and we
 * may take nothing that it does not: that is how a request is smuggled past a proxy. A failure names its seed.
 */
import { expect, test } from "bun:test";
import { BodyReader } from "./body-reader.ts";
import { Input } from "./input.ts";
import { node, type Reading, readByLlhttp } from "./llhttp.testbed.ts";
import { ProtocolError } from "./protocol-error.ts";
import type { RequestHead } from "./request-head.ts";
import { mutated, pieces, pipeline } from "./requests.testbed.ts";
import { Room } from "./room.ts";
import { type Dice, dice } from "./seeded.testbed.ts";

const firstSeed = Number(process.env["HYPERVIZE_FUZZ_SEED"] ?? 1);
const count = 25_000;

/** What our server reads off a connection, as `Connection` does, without its answers. */
class OurReader {
  readonly requests: string[] = [];
  readonly #input = new Input(new Room(Number.POSITIVE_INFINITY));
  #head: RequestHead | null = null;
  #body = new BodyReader(0);
  #text = "";

  data(bytes: Buffer): void {
    this.#text += bytes.toString("latin1");
  }

  end(): void {
    if (this.#head) this.requests.push(`${this.#head.method} ${this.#head.target} [${this.#text}]`);
  }

  /** False when nothing more is read. Throws a `ProtocolError`. */
  push(bytes: Buffer): boolean {
    this.#input.add(bytes);
    while (this.#begin()) {
      if (this.#body.done) continue;
      this.#input.add(this.#body.push(this.#input.take(), this));
      if (!this.#body.done) return true;
    }
    return this.#head?.keepAlive !== false;
  }

  /** Goes on with the request that is open, or begins the next one; false when it is not here, or will not be read. */
  #begin(): boolean {
    if (!this.#body.done) return true;
    if (this.#head?.keepAlive === false) return false;
    this.#head = this.#input.takeHead();
    if (!this.#head) return false;
    this.#text = "";
    this.#body = new BodyReader(this.#head.length);
    if (this.#body.done) this.end();
    return true;
  }
}

function readByUs(text: string, dice: Dice): Reading {
  const reader = new OurReader();
  try {
    for (const piece of pieces(text, dice)) if (!reader.push(Buffer.from(piece, "latin1"))) break;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { requests: reader.requests, error: error.message };
  }
  return { requests: reader.requests, error: null };
}

/** As a server understands the absolute form. */
function inOriginForm(request: string): string {
  const [, method, target = ""] = /^(\S+) https?:\/\/[^/?# ]+(.*)$/is.exec(request) ?? [];
  if (method === undefined) return request;
  return `${method} ${target.startsWith("/") ? target : `/${target}`}`;
}

/** What it refuses and we do not, and why that is no matter. */
const harmless: readonly RegExp[] = [
  // It knows methods by name; ours are any capital letters, and routes know theirs.
  /^HPE_INVALID_METHOD/,
  // Both throw extensions away, and both end them at the same CRLF.
  /^HPE_STRICT: Invalid character in chunk extensions/,
];

function differenceOf(ours: Reading, theirs: Reading): string | null {
  if (theirs.error !== null && harmless.some((known) => known.test(theirs.error ?? ""))) {
    ours.requests.splice(theirs.requests.length);
  }
  for (const [index, request] of ours.requests.entries()) {
    const other = theirs.requests[index];
    if (other === undefined) return `taken by us alone (${theirs.error}): ${request}`;
    if (inOriginForm(other) !== request) return `${request} is for llhttp ${other}`;
  }
  return null;
}

test.skipIf(!node)(
  "of 25,000 connections we take nothing that llhttp does not, and nothing as something else",
  async () => {
    const seeds = Array.from({ length: count }, (_, index) => firstSeed + index);
    const connections = seeds.map((seed) => {
      const throws = dice(seed);
      const text = pipeline(throws, "/p")
        .map(({ text }) => text)
        .join("");
      return throws.one(10) ? text : mutated(text, throws);
    });
    const theirs = await readByLlhttp(connections);
    let both = 0;
    const differences: string[] = [];
    for (const [index, text] of connections.entries()) {
      const ours = readByUs(text, dice(index + 1));
      const other = theirs[index] ?? { requests: [], error: "none" };
      const difference = differenceOf(ours, other);
      if (difference) differences.push(`HYPERVIZE_FUZZ_SEED=${seeds[index]}: ${difference}`);
      both += ours.requests.length;
    }
    expect(differences.map((each) => each.slice(0, 300))).toEqual([]);
    // Else it would compare refusals.
    expect(both).toBeGreaterThan(count);
  },
  60_000,
);
