import type { Download } from "../../replicas/replica.ts";
import type { Flight } from "./blob-flights.ts";

const window_ms = 5000;

/** The rate of a counter over the last five seconds, or since it began to grow when that is shorter. */
export class Rate {
  readonly #samples: { at_ms: number; count: number }[] = [];

  /** Takes the counter's value and returns its growth per second. */
  perSecond(at_ms: number, count: number): number {
    // The time before the first byte says nothing about the rate.
    if (this.#samples.every((sample) => sample.count === count)) this.#samples.length = 0;
    this.#samples.push({ at_ms, count });
    while ((this.#samples[1]?.at_ms ?? at_ms) <= at_ms - window_ms && this.#samples.length > 2) {
      this.#samples.shift();
    }
    const [first] = this.#samples;
    if (first === undefined || first.at_ms >= at_ms) return 0;
    return Math.round(((count - first.count) * 1000) / (at_ms - first.at_ms));
  }
}

/** What one asker sees of the blobs that it waits for. */
export class ProgressWatch {
  readonly #rate = new Rate();
  readonly #flights: { flight: Flight; arrived_before: number }[] = [];
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #tell: (download: Download) => void;
  readonly #now: () => number;
  #told = "";

  /** Calls TELL at once, and from then on every EVERY_MS in which something changed. */
  constructor(tell: (download: Download) => void, every_ms: number, now: () => number) {
    this.#tell = tell;
    this.#now = now;
    this.#timer = setInterval(() => this.look(), every_ms);
    this.look();
  }

  follow(flight: Flight): void {
    this.#flights.push({ flight, arrived_before: flight.arrived });
  }

  end(): void {
    clearInterval(this.#timer);
  }

  /** Tells what changed since the last look. */
  look(): void {
    const sum = (of: (entry: { flight: Flight; arrived_before: number }) => number) =>
      this.#flights.reduce((total, entry) => total + of(entry), 0);
    const arrived = sum(({ flight, arrived_before }) => flight.arrived - arrived_before);
    const download = {
      downloaded_bytes: sum(({ flight }) => flight.received),
      download_bytes: sum(({ flight }) => flight.bytes),
      download_bytes_per_s: this.#rate.perSecond(this.#now(), arrived),
    };
    const text = JSON.stringify(download);
    if (text === this.#told) return;
    this.#told = text;
    this.#tell(download);
  }
}
