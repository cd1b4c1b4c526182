import type { Socket } from "bun";
import { isListener } from "../contract/listener.ts";
import { Pump, type PumpEnd } from "./pump.ts";

/** The control plane's side of a passage. */
export interface Client extends PumpEnd {
  terminate(): void;
}

/** Where a runtime listens on loopback, and with which socket (contract/listener.ts; 0: not known). */
export interface Door {
  port: number;
  listener: number;
}

/** A connection of the control plane that is joined to a runtime; its socket's events go here. */
export interface TcpForward {
  received(bytes: Buffer): void;
  drained(): void;
  /** The client is gone. */
  abort(): void;
}

/**
 * Joins CLIENT to the runtime behind DOOR, and to no program that took its port when it died. The control plane never half-closes,
 * so whatever ends its side is an abort, and the runtime's side is reset at once: that is what makes a
 * runtime stop generating. When the runtime ends, what it said before is still delivered.
 */
export function openTcpForward(client: Client, { port, listener }: Door): TcpForward {
  const inward = new Pump(client);
  let outward: Pump | undefined;
  let runtime: Socket | undefined;
  let over = false;
  const abort = () => {
    if (over) return;
    over = true;
    runtime?.terminate();
    client.terminate();
  };
  const socket = {
    open(opened: Socket) {
      runtime = opened;
      if (over) opened.terminate();
      if (listener > 0 && !isListener(port, listener)) return abort();
      outward = new Pump(opened, client);
      inward.into(opened);
    },
    data: (_: Socket, bytes: Buffer) => outward?.push(bytes),
    drain: () => inward.drain(),
    close: (_: Socket, error?: Error) => (error === undefined ? outward?.finish() : abort()),
    error: abort,
    connectError: abort,
  };
  Bun.connect({ hostname: "127.0.0.1", port, socket }).catch(abort);
  return {
    received: (bytes) => inward.push(bytes),
    drained: () => outward?.drain(),
    abort,
  };
}
