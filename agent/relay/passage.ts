import type { Socket } from "bun";
import { Flow } from "./flow.ts";

/**
 * One connection of the control plane, joined to a runtime's loopback port. The control plane never
 * half-closes, so whatever ends its side is an abort, and the runtime's side is reset at once: that is
 * what makes a runtime stop generating. When the runtime ends, what it said is still delivered.
 */
export class Passage {
  private readonly outer: Socket<Passage>;
  private inner: Socket<Passage> | undefined;
  private inward: Flow | undefined;
  private outward: Flow | undefined;
  private over = false;

  constructor(outer: Socket<Passage>) {
    this.outer = outer;
  }

  /** Dials the runtime; until it answers, nothing is read from the control plane. */
  open(port: number): void {
    this.outer.pause();
    const dialled = Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: runtimeHandlers,
      data: this,
    });
    dialled.catch(() => this.abort());
  }

  joined(inner: Socket<Passage>): void {
    if (this.over) {
      inner.terminate();
      return;
    }
    this.inner = inner;
    this.inward = new Flow(this.outer, inner);
    this.outward = new Flow(inner, this.outer);
    this.outer.resume();
  }

  fromOuter(bytes: Buffer): void {
    // Bytes that came with the end of the handshake, before there was a runtime: no client of ours.
    if (this.inward) this.inward.push(bytes);
    else this.abort();
  }

  fromInner(bytes: Buffer): void {
    this.outward?.push(bytes);
  }

  outerDrained(): void {
    this.outward?.drain();
  }

  innerDrained(): void {
    this.inward?.drain();
  }

  innerEnded(): void {
    this.inner = undefined;
    this.outward?.finish();
  }

  /** Ends both sides at once. */
  abort(): void {
    if (this.over) return;
    this.over = true;
    this.inner?.terminate();
    this.outer.terminate();
  }
}
