import { hostname } from "node:os";
import { type ServiceError, status } from "@grpc/grpc-js";
import type { JoinToken } from "../contract/protocol/join-token.ts";
import type { EnrolReply, EnrolRequest, Fleet } from "../contract/protocol/messages.ts";
import { withClockHint } from "./clock-hint.ts";
import { dial } from "./control-plane.ts";
import type { Membership } from "./membership.ts";
import { fetchPinnedCa, PinMismatch } from "./pinned-ca.ts";

const keepalive = { every_ms: 20_000, within_ms: 10_000 };
const patience_ms = 30_000;

/**
 * Trades a join token for a host certificate. Tries the token's addresses in order, passing on only
 * when one cannot be reached. Throws an Error with one sentence that says what to do.
 */
export async function enrol(token: JoinToken): Promise<Membership> {
  const unreachable: string[] = [];
  for (const address of token.addresses) {
    let ca_pem: string;
    try {
      ca_pem = await fetchPinnedCa(address, token.ca_sha256);
    } catch (error) {
      if (error instanceof PinMismatch) throw error;
      unreachable.push(`${address} (${error instanceof Error ? error.message : String(error)})`);
      continue;
    }
    return await enrolAt(address, ca_pem, token);
  }
  throw new Error(
    `The control plane cannot be reached at ${unreachable.join(" or ")}. Check that it runs and that this host may connect to it, or name another address with --server HOST:PORT.`,
  );
}

async function enrolAt(address: string, ca_pem: string, token: JoinToken): Promise<Membership> {
  // Needed once in the life of a host, and megabytes of memory: loaded only here.
  const { newKeyAndRequest } = await import("./certificate-request.ts");
  const { key_pem, csr_pem } = await newKeyAndRequest();
  const client = dial(address, { ca_pem }, keepalive);
  try {
    const request = { secret: token.secret, csr_pem, host_name: hostname() };
    const reply = await callEnrol(client, request);
    return {
      host_id: reply.host_id,
      addresses: [...token.addresses],
      ca_sha256: token.ca_sha256,
      key_pem,
      certificate_pem: reply.certificate_pem,
      // The pinned one, whatever the reply holds: trust came from the token.
      ca_pem,
    };
  } catch (error) {
    throw new Error(sentenceOf(error as ServiceError, address));
  } finally {
    client.close();
  }
}

function callEnrol(client: InstanceType<typeof Fleet>, request: EnrolRequest): Promise<EnrolReply> {
  return new Promise((settle, fail) => {
    const deadline = Date.now() + patience_ms;
    const { Enrol } = client;
    if (Enrol === undefined) throw new Error("The contract has no Enrol.");
    Enrol.call(client, request, { deadline }, (error: ServiceError | null, reply: EnrolReply) =>
      error ? fail(error) : settle(reply),
    );
  });
}

/** The control plane's own sentence where it wrote one for people. */
function sentenceOf(error: ServiceError, address: string): string {
  if (error.code === status.UNAUTHENTICATED || error.code === status.INVALID_ARGUMENT) {
    return error.details || "The join token is not valid. Create a new one on the control plane.";
  }
  return `The control plane at ${address} did not enrol this host: ${withClockHint(error.details, Date.now())}. Try again.`;
}
