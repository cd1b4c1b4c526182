/** Streams between the hosts and the control plane: late, in order, and lost when they are cut. */
import type { EventQueue } from "./event-queue.ts";
import type { Random } from "./random.ts";

interface Stream {
  /** Grows with every new stream: what was sent on an older one never arrives. */
  number: number;
  up: boolean;
  cut_at: number;
  /** When the last message of each direction arrives: gRPC keeps the order. */
  arrives: { up: number; down: number };
}

export class Network {
  readonly #agenda: EventQueue;
  readonly #random: Random;
  readonly #streams = new Map<string, Stream>();

  constructor(agenda: EventQueue, random: Random) {
    this.#agenda = agenda;
    this.#random = random;
  }

  connect(host_id: string): void {
    const number = (this.#streams.get(host_id)?.number ?? 0) + 1;
    const now = this.#agenda.now;
    this.#streams.set(host_id, { number, up: true, cut_at: 0, arrives: { up: now, down: now } });
  }

  cut(host_id: string): void {
    const stream = this.#streams.get(host_id);
    if (stream?.up) Object.assign(stream, { up: false, cut_at: this.#agenda.now });
  }

  silentFor(host_id: string): number {
    const stream = this.#streams.get(host_id);
    return stream && !stream.up ? this.#agenda.now - stream.cut_at : 0;
  }

  toPlane(host_id: string, deliver: () => void): void {
    this.#send(host_id, "up", deliver);
  }

  toHost(host_id: string, deliver: () => void): void {
    this.#send(host_id, "down", deliver);
  }

  #send(host_id: string, direction: "up" | "down", deliver: () => void): void {
    const stream = this.#streams.get(host_id);
    if (!stream?.up) return;
    const delay_ms = this.#random.chance(0.02)
      ? this.#random.between(100, 8000)
      : this.#random.between(0.2, 30);
    const at = Math.max(stream.arrives[direction], this.#agenda.now + delay_ms);
    stream.arrives[direction] = at;
    this.#agenda.at(at, () => {
      // Cut meanwhile, or replaced by a newer stream: it is lost.
      if (stream.up && this.#streams.get(host_id) === stream) deliver();
    });
  }
}
