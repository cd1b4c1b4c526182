/**
 * Room for the bodies of all requests together. One client may send a large body; a thousand of them,
 * each half sent, must not be the end of the process.
 */
export class Room {
  readonly #most: number;
  #taken = 0;

  /** MOST bytes at once. */
  constructor(most: number) {
    this.#most = most;
  }

  get taken(): number {
    return this.#taken;
  }

  /** False, and nothing is taken, when there is not so much left. */
  take(bytes: number): boolean {
    if (this.#taken + bytes > this.#most) return false;
    this.#taken += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#taken -= bytes;
  }
}
