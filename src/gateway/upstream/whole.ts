import { UpstreamResponse } from "../proxy/reply.ts";
import type { Upstream } from "./client.ts";
import type { Address, UpstreamRequest } from "./request.ts";

const max_bytes = 16 * 1024 * 1024;

/** A whole answer of a runtime to a question of our own. Rejects when there is none, or SIGNAL aborts. */
export async function wholeAnswer(
  upstream: Pick<Upstream, "send">,
  address: Address,
  request: UpstreamRequest,
  signal: AbortSignal,
): Promise<{ status: number; text: string }> {
  signal.throwIfAborted();
  const reply = new UpstreamResponse({ stream: false, maxBytes: max_bytes });
  reply.answers(upstream.send(address, request, reply));
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => {
      reply.abort();
      reject(signal.reason);
    });
  });
  const opening = await Promise.race([reply.opened, aborted]);
  if (opening.is === "whole") {
    return { status: opening.status, text: opening.body.toString("utf8") };
  }
  if (opening.is === "fault") throw opening.fault;
  throw new Error("The runtime did not answer.");
}
