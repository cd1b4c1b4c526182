import type { FollowLog, LogLines } from "../contract/protocol/messages.ts";
import { LogReader } from "./log-reader.ts";

/** Where log lines go: one connection to the control plane. */
export interface LogSink {
  /** It has more to carry than it can; a log must not make that worse. */
  full(): boolean;
  send(lines: LogLines): void;
}

interface Follow {
  id: string;
  replica_id: string;
  reader: LogReader | undefined;
  /** Lines that were asked for; undefined once they were sent. */
  tail: number | undefined;
  dropped: number;
}

const look_ms = 200;
const most_lines = 1000;
const most_follows = 256;
const most_unread_bytes = 1024 * 1024;

/**
 * The logs that the control plane follows over one connection. Every follow is answered at once with the
 * last lines, even when there are none, then with what is new every 0.2 s. While the sink is full, lines
 * wait in their file; beyond 1 MiB, and beyond the newest 1000 of one look, they are counted, not sent.
 */
export class LogFollows {
  readonly #logOf: (replica_id: string) => string | undefined;
  readonly #sink: LogSink;
  readonly #follows = new Map<string, Follow>();
  #timer: ReturnType<typeof setInterval> | undefined;

  /** LOG_OF: where a replica writes its log; undefined for a replica that is not here. */
  constructor(logOf: (replica_id: string) => string | undefined, sink: LogSink) {
    this.#logOf = logOf;
    this.#sink = sink;
  }

  follow({ id, replica_id, tail_lines }: FollowLog): void {
    this.unfollow(id);
    if (this.#follows.size >= most_follows) {
      this.#sink.send({ follow_id: id, lines: [], dropped: 0, ended: true });
      return;
    }
    const tail = Math.max(0, Math.min(most_lines, tail_lines));
    this.#follows.set(id, { id, replica_id, reader: undefined, tail, dropped: 0 });
    this.#timer ??= setInterval(() => this.#lookAtAll(), look_ms);
    // After the commands that came with this one, which may be what brings the replica here.
    setTimeout(() => this.#lookAtAll(), 0);
  }

  unfollow(id: string): void {
    this.#follows.get(id)?.reader?.close();
    this.#follows.delete(id);
    if (this.#follows.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  close(): void {
    for (const id of this.#follows.keys()) this.unfollow(id);
  }

  #lookAtAll(): void {
    for (const follow of [...this.#follows.values()]) this.#look(follow);
  }

  #look(follow: Follow): void {
    const full = this.#sink.full();
    if (full && !overflows(follow)) return;
    const path = this.#logOf(follow.replica_id);
    const { lines, broken } = linesOf(follow, path);
    const kept = full ? [] : lines.slice(-most_lines);
    follow.dropped += lines.length - kept.length;
    if (!full) this.#tell(follow, kept, path === undefined || broken);
  }

  #tell(follow: Follow, lines: string[], ended: boolean): void {
    const { id: follow_id, dropped, tail } = follow;
    if (lines.length === 0 && dropped === 0 && !ended && tail === undefined) return;
    follow.tail = undefined;
    follow.dropped = 0;
    this.#sink.send({ follow_id, lines, dropped, ended });
    // To the end of the queue: who was served must not fill the sink before the others were.
    this.#follows.delete(follow_id);
    this.#follows.set(follow_id, follow);
    if (ended) this.unfollow(follow_id);
  }
}

function overflows({ tail, reader }: Follow): boolean {
  return tail === undefined && reader !== undefined && reader.unread() > most_unread_bytes;
}

/** PATH is undefined for a replica that has gone: what it wrote last is read all the same. */
function linesOf(follow: Follow, path: string | undefined): { lines: string[]; broken: boolean } {
  try {
    if (follow.reader !== undefined) return { lines: follow.reader.read(), broken: false };
    if (path === undefined) return { lines: [], broken: false };
    follow.reader = new LogReader(path);
    return { lines: follow.reader.tail(follow.tail ?? 0), broken: false };
  } catch {
    return { lines: [], broken: true };
  }
}
