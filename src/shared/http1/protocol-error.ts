/** The other side broke HTTP/1.1; the connection must not be used again. The message quotes nothing. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
  /** What a server answers, where it is the server that noticed. */
  readonly status: number;

  constructor(message: string, status = 400) {
    super(message);
    this.status = status;
  }
}
