/** What a flow needs of the sockets at its two ends. */
export interface PumpEnd {
  /** Returns how many bytes were taken; negative when the socket is gone. */
  write(bytes: Buffer): number;
  pause(): void;
  resume(): void;
  end(): void;
}

const nothing = Buffer.alloc(0);

/**
 * Bytes on their way from one socket to another. While the target takes no more, or is not there yet,
 * the source is not read, and TCP then stops the sender: no more than about two reads wait here.
 */
export class Pump {
  readonly #source: PumpEnd;
  #target: PumpEnd | undefined;
  #waiting: Buffer = nothing;
  #paused = false;
  #ended = false;

  constructor(source: PumpEnd, target?: PumpEnd) {
    this.#source = source;
    this.#target = target;
  }

  /** The target is there. */
  into(target: PumpEnd): void {
    this.#target = target;
    this.drain();
  }

  push(bytes: Buffer): void {
    this.#waiting = this.#waiting.length === 0 ? bytes : Buffer.concat([this.#waiting, bytes]);
    this.drain();
  }

  /** The target can take more. */
  drain(): void {
    if (this.#waiting.length > 0 && this.#target) {
      const taken = this.#target.write(this.#waiting);
      this.#waiting = taken < 0 ? nothing : this.#waiting.subarray(taken);
    }
    if (this.#waiting.length > 0) this.#hold();
    else this.#proceed();
  }

  /** The source has said all: the target is ended when it has taken it. */
  finish(): void {
    this.#ended = true;
    if (this.#waiting.length === 0) this.#target?.end();
  }

  #hold(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#source.pause();
  }

  #proceed(): void {
    if (this.#ended) this.#target?.end();
    else if (this.#paused) {
      this.#paused = false;
      this.#source.resume();
    }
  }
}
