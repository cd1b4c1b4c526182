/** Requests with the same `Idempotency-Key`: the first one acts, all get its answer. */
import { createHash } from "node:crypto";
import { badRequest, Failure } from "../../../shared/failure.ts";

/** Two bodies that say the same have the same one, however their fields are ordered. */
export function fingerprint(body: unknown): string {
  return createHash("sha256").update(JSON.stringify(body, inOrder)).digest("hex");
}

function inOrder(_field: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Throws a 400. Null: without the header nothing is idempotent. */
export function idempotencyKey(request: Request): string | null {
  const key = request.headers.get("idempotency-key");
  if (key === null || /^[\x20-\x7e]{1,255}$/.test(key)) return key;
  throw badRequest("`Idempotency-Key` has 1 to 255 printable ASCII characters.", "Idempotency-Key");
}

export const keyReused = (message: string): Failure =>
  new Failure(409, message, { code: "idempotency_key_reused", param: "Idempotency-Key" });

const otherBody =
  "This Idempotency-Key came with another body before. Send a new key with this one.";

/** Throws 409 when the body is not the one of the first request. */
export function sameBody(first: string, now: string): void {
  if (first !== now) throw keyReused(otherBody);
}

export class SingleFlight<Answer> {
  readonly #flights = new Map<string, { request_sha256: string; answer: Promise<Answer> }>();

  /** START is called unless a request of this user with this key is under way; its answer is shared. */
  run(
    { user_id, key, request_sha256 }: { user_id: string; key: string; request_sha256: string },
    start: () => Promise<Answer>,
  ): Promise<Answer> {
    const flight = `${user_id} ${key}`;
    const running = this.#flights.get(flight);
    if (running) {
      sameBody(running.request_sha256, request_sha256);
      return running.answer;
    }
    const answer = start().finally(() => this.#flights.delete(flight));
    this.#flights.set(flight, { request_sha256, answer });
    return answer;
  }
}
