import type { Socket } from "bun";

/** What can be done with a connection, and with nothing else. */
export type Wire = Pick<Socket, "write" | "pause" | "resume" | "terminate">;

/** Who hears of a connection; nothing is said before `reached`. */
export interface WireUser {
  /** It does not want a connection any more. */
  readonly gone: boolean;
  reached(wire: Wire): void;
  /** Bytes can be sent. */
  ready(): void;
  received(bytes: Buffer): void;
  flush(): void;
  closed(error: Error | undefined): void;
}

/** One that judges the certificate of whoever answers. */
export interface Dialler extends WireUser {
  distrusted(): void;
}
