/** The logs that somebody here reads from the hosts, as they are written. */
import type { Command, LogLines } from "../../../agent/contract/protocol/messages.ts";
import { newId } from "../../shared/identifier.ts";
import { type LogConsumer, LogDelivery } from "./log-delivery.ts";

interface Follow {
  host_id: string;
  delivery: LogDelivery;
}

interface Addressee {
  send(command: Command): void;
}

const most_of_one_host = 200;

export class LogFollows {
  readonly #follows = new Map<string, Follow>();
  readonly #lineTo: (host_id: string) => Addressee | undefined;

  /** LINE_TO: undefined while the host is not connected. */
  constructor(lineTo: (host_id: string) => Addressee | undefined) {
    this.#lineTo = lineTo;
  }

  /** Returns the function that unfollows. The consumer is called only after this has returned. */
  start(
    host_id: string,
    asked: { replica_id: string; tail_lines: number },
    consumer: LogConsumer,
  ): () => void {
    const id = newId("flw");
    const unfollow = (): void => {
      delivery.stop();
      if (this.#follows.delete(id)) this.#lineTo(host_id)?.send({ unfollow: { id } });
    };
    const delivery = new LogDelivery(consumer, unfollow);
    const line = this.#lineTo(host_id);
    if (!line) queueMicrotask(() => delivery.end("host_disconnected"));
    else if (this.#of(host_id).length >= most_of_one_host) {
      queueMicrotask(() => delivery.end("too_many"));
    } else {
      this.#follows.set(id, { host_id, delivery });
      line.send({ follow: { id, ...asked } });
    }
    return unfollow;
  }

  /** What the agent of HOST_ID says; ignored when it is not about a follow of that very host. */
  received(host_id: string, { follow_id, lines, dropped, ended }: LogLines): void {
    const follow = this.#follows.get(follow_id);
    if (follow?.host_id !== host_id) return;
    follow.delivery.lines(lines, dropped);
    if (!ended) return;
    this.#follows.delete(follow_id);
    follow.delivery.end("replica_gone");
  }

  /** The host's stream is over, and with it all that was followed on it. */
  disconnected(host_id: string): void {
    for (const [id, { delivery }] of this.#of(host_id)) {
      this.#follows.delete(id);
      delivery.end("host_disconnected");
    }
  }

  #of(host_id: string): [string, Follow][] {
    return [...this.#follows].filter(([, follow]) => follow.host_id === host_id);
  }
}
