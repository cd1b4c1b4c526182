/**
 * Keeps the host's certificate fresh. A renewed pair goes through these steps, and after a crash between
 * any two of them the host can connect:
 *
 *     present pair in use           asks for a certificate for a new key
 *     both accepted                 the reply comes: the new pair is written to the disk
 *     new pair in use, unproved     shows it once; the control plane forgets the old one by that
 *     new pair in use               it takes the old one's place on the disk
 *
 * A control plane that has lost its memory of the new pair (a power cut, a backup) refuses it, and the
 * host goes back to the old one.
 */
import { X509Certificate } from "node:crypto";
import type { KeyPair, NextPair } from "./membership.ts";
import { pause } from "./reconnect-pause.ts";
import { CertificateRefused } from "./renewal-call.ts";

export interface RenewalParts {
  present: KeyPair;
  /** Left by an agent that was killed on the way. */
  next: KeyPair | undefined;
  kept: Pick<NextPair, "write" | "promote" | "drop">;
  newKeyAndRequest(): Promise<{ key_pem: string; csr_pem: string }>;
  /** As `callRenew`, showing PAIR. */
  call(pair: KeyPair, csr_pem: string): Promise<string>;
  /** All new connections show this pair. */
  use(pair: KeyPair): void;
  now(): number;
  /** Uniform in 0 … 1. */
  random(): number;
  log(line: string): void;
}

const hour_ms = 3_600_000;
const shortest_ms = 30_000;

/** From two thirds of the certificate's life on, and up to a twentieth later, so that hosts which joined together part. */
function renewalTime(certificate_pem: string, random: number): number {
  const { validFrom, validTo } = new X509Certificate(certificate_pem);
  const from = Date.parse(validFrom);
  return from + (Date.parse(validTo) - from) * (2 / 3 + random / 20);
}

/** Half a minute, doubled with every failure in a row, at most an hour; never under half of that. */
function retryPause(failures: number, random: number): number {
  const bound = Math.min(hour_ms, shortest_ms * 2 ** Math.max(0, failures - 1));
  return Math.round(bound * (0.5 + random / 2));
}

export class Renewal {
  readonly #parts: RenewalParts;
  readonly #random: number;
  #present: KeyPair;
  #next: KeyPair | undefined;
  #failures = 0;

  constructor(parts: RenewalParts) {
    this.#parts = parts;
    this.#random = parts.random();
    this.#present = parts.present;
    this.#next = parts.next;
    if (this.#next) parts.use(this.#next);
  }

  /** Until SIGNAL aborts. Never rejects. */
  async keep(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) await pause(await this.step(), signal);
  }

  /** Does what is due; resolves with the milliseconds until something may be due again. */
  async step(): Promise<number> {
    const { now, random, log } = this.#parts;
    try {
      if (this.#next) await this.#prove(this.#next);
      else if (now() >= renewalTime(this.#present.certificate_pem, this.#random)) {
        await this.#prove(await this.#renew());
      }
      this.#failures = 0;
      return hour_ms;
    } catch (error) {
      this.#failures += 1;
      const why = error instanceof Error ? error.message : String(error);
      if (this.#failures === 1)
        log(`the host's certificate could not be renewed (${why}); trying again`);
      return retryPause(this.#failures, random());
    }
  }

  async #renew(): Promise<KeyPair> {
    const { newKeyAndRequest, call, kept, use } = this.#parts;
    const { key_pem, csr_pem } = await newKeyAndRequest();
    const pair = { key_pem, certificate_pem: await call(this.#present, csr_pem) };
    await kept.write(pair);
    this.#next = pair;
    use(pair);
    return pair;
  }

  async #prove(pair: KeyPair): Promise<void> {
    const { call, kept, use, log } = this.#parts;
    try {
      await call(pair, "");
    } catch (error) {
      if (!(error instanceof CertificateRefused)) throw error;
      use(this.#present);
      this.#next = undefined;
      await kept.drop();
      throw error;
    }
    await kept.promote();
    this.#present = pair;
    this.#next = undefined;
    log("the host has a new certificate");
  }
}
