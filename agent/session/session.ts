import { type ServiceError, status } from "@grpc/grpc-js";
import type { ConnectionState } from "../connection-file.ts";
import {
  type Command,
  type CommandStream,
  type Desired,
  type Heartbeat,
  type Hello,
  type Observed,
  type Peer,
  type Report,
  removed_header,
} from "../contract/protocol/messages.ts";
import { LogFollows } from "../logs/log-follows.ts";
import { withClockHint } from "./clock-hint.ts";
import { type Credentials, dial, type Keepalive } from "./control-plane.ts";
import { pause, reconnectPause } from "./reconnect-pause.ts";

/** What the session needs of the agent around it. */
export interface SessionSide {
  hello(): Promise<Hello>;
  /** True when a hello would say something else than the last one did. */
  outdated?(): boolean;
  heartbeat(): Promise<Heartbeat>;
  observed(): Observed;
  desire(desired: Desired): void;
  /** The control plane at ADDRESS wants so many unused tunnels; 0: none, those that are used go on. */
  tunnels(idle: number, address: string): void;
  /** The other hosts that give weights, all of them. */
  peers(list: readonly Peer[]): void;
  /** Where a replica writes its log; undefined for one that is not on this host. */
  logOf(replica_id: string): string | undefined;
  /** How the connection stands, told when it changes. */
  connection(state: ConnectionState): void;
  /**
   * This host was removed, or its certificate expired. END_RUNTIMES: it was removed, and nobody will ask for what
   * runs here any more. Awaited before the next attempt.
   */
  refused(end_runtimes: boolean): Promise<void>;
  log(line: string): void;
}

export interface SessionOptions {
  /** Tried in turn, "host:port". */
  addresses: readonly string[];
  /** Asked for every new connection: a renewed certificate does not end the one that stands. */
  credentials(): Credentials;
  keepalive: Keepalive;
  /** The welcome must come within this time. */
  welcome_ms: number;
  /** Uniform in 0 … 1. */
  random: () => number;
}

/** `refused`: this host is no member (any more). `replaced`: somebody else has connected as this host. */
interface Ending {
  welcomed: boolean;
  kind: "lost" | "refused" | "replaced";
  /** It was removed, and nobody will ask for what runs here any more. */
  end_runtimes?: boolean;
  reason: string;
}

/** Before it tries again what it cannot change. */
const long_ms = 60_000;

/** The agent's one connection to its control plane, kept up for ever. */
export class Session {
  readonly #options: SessionOptions;
  readonly #side: SessionSide;
  #stream: CommandStream | undefined;
  /** The observed set is owed to a stream that was full. */
  #owed = false;
  #waiting = new AbortController();

  constructor(options: SessionOptions, side: SessionSide) {
    this.#options = options;
    this.#side = side;
  }

  /** Sends the newest observed set, now or when the stream can take it; nothing while disconnected. */
  report(): void {
    if (this.#stream === undefined) return;
    if (this.#stream.writableNeedDrain) this.#owed = true;
    else this.#send({ observed: this.#side.observed() });
  }

  /** Reconnects where the last hello is outdated: a stream has only one. */
  renew(): void {
    if (this.#side.outdated?.()) this.#stream?.cancel();
  }

  /** Does not wait any longer before the next attempt: there are other credentials. */
  redial(): void {
    this.#waiting.abort();
  }

  /** Connects, and connects again, until SIGNAL aborts. Never rejects for what the network does. */
  async keep(signal: AbortSignal): Promise<void> {
    let failures = 0;
    let lastReason = "";
    for (let attempt = 0; !signal.aborted; attempt++) {
      const address = this.#options.addresses[attempt % this.#options.addresses.length] ?? "";
      const ending = await this.#connect(address, signal);
      if (signal.aborted) return;
      const { kind, reason, end_runtimes = false } = ending;
      this.#side.connection({ status: kind === "refused" ? "refused" : "unreachable", reason });
      if (kind === "refused") {
        this.#side.tunnels(0, address);
        await this.#side.refused(end_runtimes);
      }
      failures = ending.welcomed ? 1 : failures + 1;
      const pause_ms =
        ending.kind === "lost" ? reconnectPause(failures, this.#options.random()) : long_ms;
      // One line per kind of trouble, not per attempt.
      if (ending.welcomed || ending.reason !== lastReason) this.#side.log(ending.reason);
      lastReason = ending.reason;
      this.#waiting = new AbortController();
      await pause(pause_ms, AbortSignal.any([signal, this.#waiting.signal]));
    }
  }

  /** One stream from hello to its end. */
  #connect(address: string, signal: AbortSignal): Promise<Ending> {
    const { credentials, keepalive, welcome_ms } = this.#options;
    const client = dial(address, credentials(), keepalive);
    const { Connect } = client;
    if (Connect === undefined) throw new Error("The contract has no Connect.");
    const stream = Connect.call(client) as CommandStream;
    const logs = new LogFollows((id) => this.#side.logOf(id), {
      full: () => stream.writableNeedDrain,
      send: (log) => this.#stream === stream && stream.write({ log }),
    });
    const stops = [() => logs.close()];
    let welcomed = false;
    // Counted per stream: one stream keeps its order, and a control plane that was restored from a
    // backup begins again at an older number.
    let generation = -1;
    const cancel = () => stream.cancel();
    signal.addEventListener("abort", cancel, { once: true });
    const impatience = setTimeout(cancel, welcome_ms);
    stream.on("data", (command: Command) => {
      if ("welcome" in command && command.welcome) {
        welcomed = true;
        clearTimeout(impatience);
        stops.push(this.#begin(stream, address, command.welcome.heartbeat_interval_s));
      } else if (
        "desired" in command &&
        command.desired &&
        command.desired.generation >= generation
      ) {
        generation = command.desired.generation;
        this.#side.desire(command.desired);
      } else if ("peers" in command && command.peers) {
        this.#side.peers(command.peers.peers);
      } else if ("tunnels" in command && command.tunnels) {
        this.#side.tunnels(command.tunnels.idle, address);
      } else {
        obey(logs, command);
      }
    });
    stream.on("drain", () => {
      if (this.#owed && this.#stream === stream) {
        this.#owed = false;
        this.report();
      }
    });
    this.#side.hello().then(
      (hello) => stream.writable && stream.write({ hello }),
      (error: unknown) => {
        this.#side.log(`this host cannot be described: ${String(error)}`);
        cancel();
      },
    );
    return new Promise((settle) => {
      const end = (error?: ServiceError) => {
        clearTimeout(impatience);
        signal.removeEventListener("abort", cancel);
        for (const stop of stops) stop();
        if (this.#stream === stream) this.#stream = undefined;
        client.close();
        settle(endingOf(address, welcomed, error));
      };
      stream.once("error", end);
      stream.once("end", () => end());
    });
  }

  #begin(stream: CommandStream, address: string, interval_s: number): () => void {
    this.#stream = stream;
    this.#owed = false;
    this.#side.connection({ status: "connected", reason: "" });
    this.#side.log(`connected to the control plane at ${address}`);
    this.report();
    this.renew();
    const beat = setInterval(() => {
      this.#beat(stream).catch((error: unknown) =>
        this.#side.log(`no heartbeat: ${String(error)}`),
      );
    }, Math.max(1, interval_s) * 1000);
    return () => clearInterval(beat);
  }

  async #beat(stream: CommandStream): Promise<void> {
    const heartbeat = await this.#side.heartbeat();
    // A full stream is not made fuller: the next beat says the same.
    if (this.#stream === stream && !stream.writableNeedDrain) this.#send({ heartbeat });
  }

  #send(report: Report): void {
    this.#stream?.write(report);
  }
}

function obey(logs: LogFollows, command: Command): void {
  if ("follow" in command && command.follow) logs.follow(command.follow);
  if ("unfollow" in command && command.unfollow) logs.unfollow(command.unfollow.id);
}

function endingOf(address: string, welcomed: boolean, error: ServiceError | undefined): Ending {
  if (error?.code === status.UNAUTHENTICATED) {
    const end_runtimes = error.metadata.get(removed_header)[0] === "end-runtimes";
    const why = (error.details || "it was removed").replace(/\.$/, "");
    const rest = end_runtimes ? "Its runtimes are ended" : "Its runtimes go on";
    return {
      welcomed,
      kind: "refused",
      end_runtimes,
      reason: `the control plane refuses this host: ${why}. ${rest}; to join again, start the agent with a new join token`,
    };
  }
  if (error?.code === status.ABORTED) {
    return {
      welcomed,
      kind: "replaced",
      reason: `another agent has connected as this host (${error.details}). Where its home is a copy of this one, delete identity.json there and join with a new token`,
    };
  }
  const why = withClockHint(error?.details || "it closed the connection", Date.now());
  return {
    welcomed,
    kind: "lost",
    reason: welcomed
      ? `lost the control plane at ${address} (${why}); runtimes go on, connecting again`
      : `cannot connect to the control plane at ${address} (${why}); trying again`,
  };
}
