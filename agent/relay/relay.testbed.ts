/** For tests: a relay with real certificates, runtimes of the test's own behind it, TLS clients before it. */
import type { Socket, SocketHandler } from "bun";
import { listenerOn } from "../contract/listener.ts";
import { control_plane_name } from "../contract/protocol/messages.ts";
import { relayName } from "../contract/protocol/relay-name.ts";
import { TestAuthority, type TestIdentity } from "../session/authority.testbed.ts";
import { openRelay, type PeerDoor } from "./relay.ts";
import type { Door } from "./tcp-forward.ts";

/** One end of a connection. */
export class Line {
  /** Resolves when bytes can be sent: after TCP's greeting, or after that of TLS. */
  readonly open = Promise.withResolvers<Socket>();
  readonly closed = Promise.withResolvers<void>();
  readonly chunks: Buffer[] = [];
  unsent: Buffer = Buffer.alloc(0);
  bytes = 0;
  readonly #emptied = Promise.withResolvers<void>();
  #wake: () => void = () => undefined;
  #socket: Socket | undefined;

  send(bytes: Buffer | string): void {
    this.unsent = Buffer.concat([this.unsent, Buffer.from(bytes)]);
    this.flush();
  }

  /** Everything that came, as soon as it is COUNT bytes. */
  async until(count: number): Promise<Buffer> {
    while (this.bytes < count) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return Buffer.concat(this.chunks);
  }

  opened(socket: Socket): void {
    this.#socket = socket;
    this.open.resolve(socket);
  }

  received(bytes: Buffer): void {
    this.chunks.push(bytes);
    this.bytes += bytes.length;
    this.#wake();
  }

  flush(): void {
    if (this.unsent.length === 0) return;
    const written = this.#socket?.write(this.unsent) ?? 0;
    if (written > 0) this.unsent = this.unsent.subarray(written);
    if (this.unsent.length === 0) this.#emptied.resolve();
  }

  /** Resolves when all that was sent has been taken. */
  async drained(): Promise<void> {
    if (this.unsent.length > 0) await this.#emptied.promise;
  }

  /** Resolves when nothing more was taken for a quarter of a second: a standstill is no event. */
  async stalled(): Promise<void> {
    for (let last = -1; last !== this.unsent.length; await Bun.sleep(250))
      last = this.unsent.length;
  }
}

const events = (line: Line): SocketHandler<undefined> => ({
  data: (_, bytes) => line.received(bytes),
  drain: () => line.flush(),
  close: () => line.closed.resolve(),
  error: () => undefined,
  connectError: () => undefined,
});

/** No other host may ask for weights. */
const closed: PeerDoor = {
  admits: () => false,
  answering() {
    throw new Error("Nobody was admitted.");
  },
};

export class RelayWorld {
  readonly authority: TestAuthority;
  readonly host: TestIdentity;
  readonly controlPlane: TestIdentity;
  /** Where the ready replicas listen, by id. */
  readonly doors = new Map<string, Door>();
  readonly #endings: (() => void)[] = [];

  private constructor(authority: TestAuthority, host: TestIdentity, controlPlane: TestIdentity) {
    this.authority = authority;
    this.host = host;
    this.controlPlane = controlPlane;
  }

  static async create(): Promise<RelayWorld> {
    const authority = await TestAuthority.create();
    const host = await authority.issue("host_here");
    return new RelayWorld(authority, host, await authority.issue(control_plane_name));
  }

  relay(port?: number): number {
    const doorOf = (name: string) =>
      this.doors.get([...this.doors.keys()].find((id) => relayName(id) === name) ?? "");
    const relay = openRelay({ identity: this.host, port, doorOf, peers: closed });
    this.#endings.push(() => relay.close());
    return relay.port;
  }

  /** A replica that is ready; ACCEPT gets each of its connections. */
  replica(id: string, accept: (line: Line) => void): { stop(): void } {
    const lines = new Map<Socket, Line>();
    const lineOf = (socket: Socket) => lines.get(socket) ?? new Line();
    const listener = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        open(socket) {
          const line = new Line();
          lines.set(socket, line);
          line.opened(socket);
          accept(line);
        },
        data: (socket, bytes) => lineOf(socket).received(bytes),
        drain: (socket) => lineOf(socket).flush(),
        close: (socket) => lineOf(socket).closed.resolve(),
        error: () => undefined,
      },
    });
    this.doors.set(id, { port: listener.port, listener: listenerOn(listener.port) });
    this.#endings.push(() => listener.stop(true));
    return { stop: () => listener.stop(true) };
  }

  /** Dials the relay; without an identity no certificate is shown. */
  dial(port: number, serverName: string, identity?: TestIdentity, tls: object = {}): Line {
    const line = new Line();
    const own = identity && { key: identity.key_pem, cert: identity.certificate_pem };
    void Bun.connect({
      hostname: "127.0.0.1",
      port,
      tls: { ...own, serverName, rejectUnauthorized: false, ...tls },
      socket: { ...events(line), handshake: (socket) => line.opened(socket) },
    }).then((socket) => this.#endings.push(() => socket.terminate()));
    return line;
  }

  end(): void {
    for (const ending of this.#endings.splice(0)) ending();
  }
}
