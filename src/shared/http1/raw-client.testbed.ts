/** For tests: bytes to a server and back, exactly as they are. */
import { connect, type Socket } from "node:net";

export interface RawClient {
  write(text: string | Uint8Array): void;
  /** All that has come, as latin1, as soon as IT has come or the server has closed. */
  until(it: string | RegExp): Promise<string>;
  /** All that came until the server closed. */
  rest(): Promise<string>;
  socket: Socket;
}

/** ALLOWHALFOPEN: it does not close its side because the server has closed its own. */
export function rawClient(port: number, allowHalfOpen = false): RawClient {
  const socket = connect({ host: "127.0.0.1", port, allowHalfOpen });
  let text = "";
  let closed = false;
  const listeners = new Set<() => void>();
  const tell = (): void => {
    for (const listener of listeners) listener();
  };
  socket.setNoDelay(true);
  socket.on("data", (bytes) => {
    text += bytes.toString("latin1");
    tell();
  });
  socket.on("error", () => undefined);
  socket.on("close", () => {
    closed = true;
    tell();
  });
  const wait = (isEnough: () => boolean): Promise<string> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!isEnough() && !closed) return;
        listeners.delete(look);
        resolve(text);
      };
      listeners.add(look);
      look();
    });
  return {
    write: (bytes) => void socket.write(bytes),
    until: (it) => wait(() => (typeof it === "string" ? text.includes(it) : it.test(text))),
    rest: () => wait(() => false),
    socket,
  };
}
