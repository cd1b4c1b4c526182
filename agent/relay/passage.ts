import type { Socket, SocketHandler } from "bun";
import { Flow } from "./flow.ts";

/**
 * One connection of the control plane, joined to a runtime's port on loopback. The control plane never
 * half-closes, so whatever ends its side is an abort, and the runtime's side is reset at once: that is
 * what makes a runtime stop generating. When the runtime ends, what it said is still delivered.
 */
export class Passage {
  /** To the runtime, and from it. */
  readonly inward: Flow;
  readonly outward: Flow;
  private readonly client: Socket<Passage>;
  private runtime: Socket<Passage> | undefined;
  private over = false;

  constructor(client: Socket<Passage>) {
    this.client = client;
    this.inward = new Flow(client);
    this.outward = new Flow({ pause: () => this.runtime?.pause(), resume: () => this.runtime?.resume() }, client);
  }

  open(port: number): void {
    const connected = Bun.connect({ hostname: "127.0.0.1", port, socket: handlers, data: this });
    connected.catch(() => this.abort());
  }
}
