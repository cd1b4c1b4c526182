import { createHash } from "node:crypto";
import type { Socket } from "bun";
import type { Peer } from "../../contract/protocol/messages.ts";
import type { HostIdentity } from "../../relay/relay.ts";
import type { Answer } from "./choice.ts";
import { peers_name } from "./protocol.ts";

const ask_ms = 2000;
const longest_answer = 4096;

/** The bytes that PEER answers LINE with. Ends early when the peer does; rejects when it is silent, or not the one that was meant. */
async function* answerOf(
  peer: Peer,
  identity: HostIdentity,
  line: string,
  { silent_ms, signal }: { silent_ms: number; signal: AbortSignal },
): AsyncGenerator<Buffer> {
  const pieces: Buffer[] = [];
  let waiting = 0;
  let over: { error?: Error } | undefined;
  let wake = Promise.withResolvers<void>();
  const end = (error?: Error) => {
    over ??= error ? { error } : {};
    wake.resolve();
  };
  let socket: Socket | undefined;
  const stop = () => end(new Error("It is not wanted any more."));
  signal.addEventListener("abort", stop, { once: true });
  const patience = setTimeout(() => end(new Error("It is silent.")), silent_ms);
  try {
    Bun.connect({
      hostname: peer.address,
      port: peer.port,
      tls: {
        key: identity.key_pem,
        cert: identity.certificate_pem,
        serverName: peers_name,
        // Its very certificate is demanded instead, before a byte is sent (see gateway/upstream/dial.ts).
        rejectUnauthorized: false,
      },
      socket: {
        open: (opened) => {
          socket = opened;
        },
        handshake(opened) {
          const { raw } = (opened.getPeerX509Certificate() ?? {}) as { raw?: Buffer };
          const sha256 = raw && createHash("sha256").update(raw).digest("hex");
          if (sha256 && peer.certificate_sha256.includes(sha256)) opened.write(line);
          else end(new Error("It is another host."));
        },
        data(opened, bytes) {
          pieces.push(bytes);
          waiting += bytes.length;
          if (waiting > most_waiting) opened.pause();
          wake.resolve();
        },
        close: () => end(),
        error: (_, error) => end(error),
        connectError: (_, error) => end(error),
      },
    }).catch(end);
    for (;;) {
      if (pieces.length === 0 && over === undefined) await wake.promise;
      wake = Promise.withResolvers<void>();
      const here = pieces.splice(0);
      waiting = 0;
      socket?.resume();
      if (here.length > 0) patience.refresh();
      for (const piece of here) yield piece;
      if (here.length === 0 && over !== undefined) {
        if (over.error) throw over.error;
        return;
      }
    }
  } finally {
    clearTimeout(patience);
    signal.removeEventListener("abort", stop);
    socket?.terminate();
  }
}

/** That the disk has not taken yet. */
const most_waiting = 4 * 1024 * 1024;

/** What PEER has of the blob; undefined for nothing, and for a peer that does not answer in time. */
export async function ask(
  peer: Peer,
  identity: HostIdentity,
  digest: string,
  signal: AbortSignal,
): Promise<Answer | undefined> {
  try {
    let text = "";
    const limits = { silent_ms: ask_ms, signal };
    for await (const bytes of answerOf(peer, identity, `ask ${digest}\n`, limits)) {
      text += bytes.toString("latin1");
      if (text.length > longest_answer) return undefined;
    }
    return parseAnswer(text, peer.host_id);
  } catch {
    return undefined;
  }
}

/** The blob's bytes from FROM on, as PEER has or gets them. */
export const get = (
  peer: Peer,
  identity: HostIdentity,
  { digest, from }: { digest: string; from: number },
  limits: { silent_ms: number; signal: AbortSignal },
): AsyncGenerator<Buffer> => answerOf(peer, identity, `get ${digest} ${from}\n`, limits);

function parseAnswer(text: string, host_id: string): Answer | undefined {
  if (!text.startsWith("{")) return undefined;
  const { state, via, followers } = JSON.parse(text) as Partial<Answer>;
  const isState = state === "whole" || state === "partial" || state === "wanted";
  if (!isState || !Array.isArray(via) || typeof followers !== "number") return undefined;
  return { host_id, state, via, followers };
}
