import { dial, type Trust } from "./dial.ts";
import type { FaultKind } from "./fault.ts";
import type { Address } from "./request.ts";
import type { Wire, WireUser } from "./wire.ts";

/** Whoever uses the connection at the moment. No method is called after `lost`. */
export interface Tenant {
  /** Bytes can be sent: TCP stands, and where TLS is spoken, the other side is who it should be. */
  opened(): void;
  received(bytes: Buffer): void;
  /** The connection is gone: it will neither read nor write again. */
  lost(kind: FaultKind): void;
}

export interface Opening {
  trust: Trust;
  timeoutMs: number;
}

/**
 * One connection to a runtime. Writes are queued when the kernel's buffer is full; reading stops
 * while paused. Without a tenant it is idle, and anything that then happens to it closes it.
 */
export class Connection implements WireUser {
  readonly key: string;
  /** True once it has carried a request: it may then be stale. */
  used = false;
  #socket: Wire | null = null;
  #address: Address | null = null;
  #tenant: Tenant | null = null;
  #unsent: string | Buffer | null = null;
  #paused = false;
  #ready = false;
  #gone = false;
  #connectTimer: Timer | null = null;
  readonly #onGone: (connection: Connection) => void;

  constructor(key: string, onGone: (connection: Connection) => void) {
    this.key = key;
    this.#onGone = onGone;
  }

  get gone(): boolean {
    return this.#gone;
  }

  /** Where it leads; null before `open`. */
  get address(): Address | null {
    return this.#address;
  }

  /** True while a part of the request waits for the kernel to take it. */
  get sending(): boolean {
    return this.#unsent !== null;
  }

  /** Starts to connect and sends DATA when connected. The tenant hears of a failure, never an exception. */
  open(address: Address, opening: Opening, tenant: Tenant, data: string | Buffer): void {
    this.#address = address;
    this.#tenant = tenant;
    this.#unsent = data;
    this.#connectTimer = setTimeout(() => this.#die("timeout"), opening.timeoutMs);
    dial(address, opening.trust, this).catch(() => this.#die("refused"));
  }

  /** Sends a further request over an idle connection. */
  carry(tenant: Tenant, data: string | Buffer): void {
    this.#tenant = tenant;
    this.used = true;
    tenant.opened();
    this.#unsent = data;
    this.flush();
  }

  /** The tenant is done and the connection may be used again. */
  idle(): void {
    this.#tenant = null;
    this.resume();
  }

  pause(): void {
    if (this.#paused || this.#gone) return;
    this.#paused = true;
    // A greeting that is not read never ends.
    if (this.#ready) this.#socket?.pause();
  }

  resume(): void {
    if (!this.#paused || this.#gone) return;
    this.#paused = false;
    this.#socket?.resume();
  }

  /** Closes at once, without a word to the tenant. A reset tells the runtime to stop generating. */
  destroy(): void {
    this.#tenant = null;
    this.#die("closed");
  }

  /** Closes at once, and the tenant hears of it. */
  break(): void {
    this.#die("reset");
  }

  reached(wire: Wire): void {
    if (this.#gone) wire.terminate();
    else this.#socket = wire;
  }

  ready(): void {
    if (this.#connectTimer) clearTimeout(this.#connectTimer);
    if (this.#gone) return;
    this.#ready = true;
    this.#tenant?.opened();
    if (this.#paused) this.#socket?.pause();
    this.flush();
  }

  /** The other side is not who it should be; nothing was sent to it. */
  distrusted(): void {
    this.#die("untrusted");
  }

  received(bytes: Buffer): void {
    if (this.#gone) return;
    if (this.#tenant) this.#tenant.received(bytes);
    else this.destroy();
  }

  flush(): void {
    if (!this.#unsent || !this.#socket || !this.#ready) return;
    const data = this.#unsent;
    const written = this.#socket.write(data);
    if (written < 0) this.#die("reset");
    else if (written === Buffer.byteLength(data)) this.#unsent = null;
    else this.#unsent = (typeof data === "string" ? Buffer.from(data) : data).subarray(written);
  }

  closed(error: Error | undefined): void {
    this.#die(error === undefined ? "closed" : "reset");
  }

  #die(kind: FaultKind): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#unsent = null;
    if (this.#connectTimer) clearTimeout(this.#connectTimer);
    this.#socket?.terminate();
    this.#onGone(this);
    const tenant = this.#tenant;
    this.#tenant = null;
    tenant?.lost(kind);
  }
}
