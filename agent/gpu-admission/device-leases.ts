/** A right to load onto some GPUs. */
export interface GpuLease {
  /** Lets the next one in; more than once is no harm. */
  over(): void;
}

interface Ticket {
  devices: readonly string[];
  /** Undefined once it has its turn. */
  grant: ((turn: GpuLease) => void) | undefined;
}

/**
 * One start at a time per GPU: a runtime measures the free memory when it loads, and two that load at
 * once measure each other's (vllm#55827). First come, first served on every device: a start that needs
 * several GPUs waits for all of them at once and holds none before, so two can neither block each other
 * nor be overtaken.
 */
export class DeviceLeases {
  #tickets: Ticket[] = [];

  /** Rejects with SIGNAL's reason when it aborts first. */
  take(devices: readonly string[], signal: AbortSignal): Promise<GpuLease> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const leave = () => {
        this.#remove(ticket);
        reject(signal.reason);
      };
      const ticket: Ticket = {
        devices,
        grant(turn) {
          signal.removeEventListener("abort", leave);
          resolve(turn);
        },
      };
      signal.addEventListener("abort", leave, { once: true });
      this.#tickets.push(ticket);
      this.#advance();
    });
  }

  /** The turn of a start that an earlier agent made: it loads already, whoever waits. */
  hold(devices: readonly string[]): GpuLease {
    const ticket: Ticket = { devices, grant: undefined };
    this.#tickets.unshift(ticket);
    return { over: () => this.#remove(ticket) };
  }

  #remove(ticket: Ticket): void {
    if (!this.#tickets.includes(ticket)) return;
    this.#tickets = this.#tickets.filter((other) => other !== ticket);
    this.#advance();
  }

  #advance(): void {
    const taken = new Set<string>();
    for (const ticket of this.#tickets) {
      const { grant, devices } = ticket;
      if (grant !== undefined && !devices.some((device) => taken.has(device))) {
        ticket.grant = undefined;
        grant({ over: () => this.#remove(ticket) });
      }
      for (const device of devices) taken.add(device);
    }
  }
}
