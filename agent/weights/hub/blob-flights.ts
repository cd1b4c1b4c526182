import { type InTurn, turns } from "./turns.ts";

/** One blob that is being fetched, whoever asked for it. */
export interface Flight {
  readonly bytes: number;
  /** Bytes of it that lie on the disk. */
  received: number;
  /** Bytes that came from the network; never less than before. */
  arrived: number;
  readonly inTurn: InTurn;
}

/**
 * One download per blob: whoever wants the same blob waits for the first, and then finds it whole, or
 * goes on from what the first one left.
 */
export class Flights {
  /** Bytes that came from the network for flights that are over. */
  #landed = 0;
  readonly #open = new Map<string, { flight: Flight; users: number }>();

  /** RECEIVED counts only for the first. */
  join(path: string, bytes: number, received: number): Flight {
    const known = this.#open.get(path) ?? { flight: flightOf(bytes, received), users: 0 };
    known.users += 1;
    this.#open.set(path, known);
    return known.flight;
  }

  has(path: string): boolean {
    return this.#open.has(path);
  }

  leave(path: string): void {
    const known = this.#open.get(path);
    if (known === undefined) return;
    known.users -= 1;
    if (known.users > 0) return;
    this.#open.delete(path);
    this.#landed += known.flight.arrived;
  }

  /** Bytes that came from the network, in all. */
  arrived(): number {
    const flights = [...this.#open.values()].map(({ flight }) => flight);
    return flights.reduce((sum, { arrived }) => sum + arrived, this.#landed);
  }

  /** Bytes that are still to be written, in all. */
  missing(): number {
    const flights = [...this.#open.values()].map(({ flight }) => flight);
    return flights.reduce((sum, { bytes, received }) => sum + bytes - received, 0);
  }
}

function flightOf(bytes: number, received: number): Flight {
  return { bytes, received, arrived: 0, inTurn: turns() };
}
