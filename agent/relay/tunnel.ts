import type { Socket } from "bun";
import { control_plane_name } from "../contract/protocol/messages.ts";
import {
  admitted,
  alpn,
  joined,
  longest_name,
  tunnel_protocol,
} from "../contract/protocol/tunnel.ts";
import { splitAddress } from "../session/control-plane.ts";
import type { HostIdentity } from "./relay.ts";
import { type Door, openTcpForward, type TcpForward } from "./tcp-forward.ts";

export interface TunnelOptions {
  /** Of the control plane, "host:port". */
  address: string;
  identity: HostIdentity;
  /** Where the ready replica listens that goes by this relay name. */
  doorOf(name: string): Door | undefined;
  /** The control plane keeps it. */
  admitted(): void;
  /** It leads to a runtime from now on. */
  taken(): void;
  /** Called once, always. */
  ended(): void;
}

const keepalive_ms = 20_000;
const greeting_ms = 10_000;

/** The host's end of one tunnel to the control plane, see contract/tunnel.ts. */
export class Tunnel {
  readonly #options: TunnelOptions;
  readonly #impatience: Timer;
  #socket: Socket | undefined;
  #passage: TcpForward | undefined;
  #isAdmitted = false;
  #isOver = false;
  #name = "";

  /** Dials at once. */
  constructor(options: TunnelOptions) {
    this.#options = options;
    this.#impatience = setTimeout(() => this.end(), greeting_ms);
    const end = () => this.end();
    const { address, identity } = options;
    const { host, port } = splitAddress(address);
    Bun.connect({
      hostname: host,
      port,
      tls: {
        key: identity.key_pem,
        cert: identity.certificate_pem,
        ca: identity.ca_pem,
        serverName: control_plane_name,
        rejectUnauthorized: true,
        ALPNProtocols: alpn(tunnel_protocol),
      },
      socket: {
        open: (socket) => this.#opened(socket),
        handshake: (socket, isRight) => this.#greeted(socket, isRight),
        data: (_, bytes) => this.#received(bytes),
        drain: () => this.#passage?.drained(),
        close: end,
        error: end,
        connectError: end,
      },
    }).catch(end);
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#impatience);
    this.#passage?.abort();
    this.#socket?.terminate();
    this.#options.ended();
  }

  #opened(socket: Socket): void {
    if (this.#isOver) socket.terminate();
    else this.#socket = socket;
  }

  #greeted(socket: Socket, isRight: boolean): void {
    if (isRight && socket.alpnProtocol === tunnel_protocol) socket.setKeepAlive(true, keepalive_ms);
    else this.end();
  }

  #received(bytes: Buffer): void {
    if (bytes.length === 0 || this.#isOver) return;
    if (this.#passage) this.#passage.received(bytes);
    else if (this.#isAdmitted) this.#named(bytes);
    else this.#welcomed(bytes);
  }

  #welcomed(bytes: Buffer): void {
    if (bytes.toString("latin1", 0, 1) !== admitted) {
      this.end();
      return;
    }
    this.#isAdmitted = true;
    clearTimeout(this.#impatience);
    this.#options.admitted();
    this.#received(bytes.subarray(1));
  }

  #named(bytes: Buffer): void {
    const stop = bytes.indexOf("\n");
    this.#name += bytes.toString("latin1", 0, stop < 0 ? bytes.length : stop);
    if (stop >= 0) this.#join(bytes.subarray(stop + 1));
    else if (this.#name.length > longest_name) this.end();
  }

  #join(rest: Buffer): void {
    const { doorOf, taken } = this.#options;
    const door = doorOf(this.#name);
    // One byte after silence always fits.
    if (door === undefined || this.#socket?.write(joined) !== joined.length) {
      this.end();
      return;
    }
    this.#passage = openTcpForward(this.#socket, door);
    taken();
    this.#received(rest);
  }
}
