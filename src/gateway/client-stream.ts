/** What the writer of a stream needs to hear of its reader. */
export interface Reader {
  /** The client reads too slowly: write no more until `ready`. What was written is kept. */
  slow(): void;
  ready(): void;
  gone(): void;
}

const maxEarlyBytes = 262_144;

/**
 * The client's side of a stream. It is Bun's "direct" stream: the quickest one that it has, and one
 * whose `write` tells of a full socket (a promise) and of a client that left (0) without throwing.
 */
export class ClientStream {
  readonly body: ReadableStream<Uint8Array>;
  #reader: Reader;
  #controller: ReadableStreamDirectController | null = null;
  /** Written before the server asked for the body. */
  #early: Uint8Array[] = [];
  #earlyBytes = 0;
  #ended = false;

  constructor(reader: Reader) {
    this.#reader = reader;
    const source: Bun.DirectUnderlyingSource<Uint8Array> = {
      type: "direct",
      pull: (controller) => this.#start(controller),
      cancel: () => this.#reader.gone(),
    };
    // With the DOM's types in the project, `ReadableStream` is not known to take Bun's source.
    this.body = new ReadableStream(source as unknown as UnderlyingDefaultSource<Uint8Array>);
  }

  /** From now on READER is told. */
  tell(reader: Reader): void {
    this.#reader = reader;
  }

  /** The response that the stream is the body of; to be called once. */
  answer(requestId: string): Response {
    return new Response(this.body, {
      headers: {
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-cache",
        "x-accel-buffering": "no",
        "x-request-id": requestId,
      },
    });
  }

  write(bytes: Uint8Array): void {
    if (this.#ended || bytes.length === 0) return;
    if (this.#controller) this.#send(this.#controller, bytes);
    else {
      this.#early.push(bytes);
      this.#earlyBytes += bytes.length;
      if (this.#earlyBytes > maxEarlyBytes) this.#reader.slow();
    }
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#controller?.end();
  }

  #start(controller: ReadableStreamDirectController): void {
    this.#controller = controller;
    for (const bytes of this.#early) this.#send(controller, bytes);
    if (this.#earlyBytes > maxEarlyBytes) this.#reader.ready();
    this.#early = [];
    if (this.#ended) controller.end();
  }

  #send(controller: ReadableStreamDirectController, bytes: Uint8Array): void {
    const written = controller.write(bytes);
    controller.flush();
    if (typeof written === "number") return;
    this.#reader.slow();
    written.then(
      () => this.#reader.ready(),
      () => this.#reader.gone(),
    );
  }
}
