import type { Answer } from "./answer.ts";
import type { ServerRequest } from "./incoming.ts";
import type { Room } from "./room.ts";

/** What the connections of a server share. */
export interface Service {
  /** Answers a request. May reject: the client then gets what `refuse` makes of it. */
  handle(request: ServerRequest): Answer | Promise<Answer>;
  /** The answer to what is no request, and to one that could not be handled. */
  refuse(error: unknown): Answer & { body: string };
  /** For the bodies of all requests. */
  readonly room: Room;
  /** A clock that the sweep sets: what a connection notes need not be exact. */
  readonly now: number;
  /** The server is being closed: every answer is a connection's last. */
  readonly stopping: boolean;
}
