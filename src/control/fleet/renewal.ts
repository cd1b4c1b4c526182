/** A host that is a member gets a certificate for a new key. */
import type { EnrolReply } from "../../../agent/contract/protocol/messages.ts";
import type { Authority } from "./authority.ts";
import type { Hosts } from "./hosts.ts";

export interface RenewalParts {
  authority: Pick<Authority, "signHost" | "ca_pem">;
  hosts: Pick<Hosts, "certified" | "find">;
  now(): number;
}

/** A newer request of the same host came in between, or its host has hung up. */
export class RenewalOvertaken extends Error {}

export class Renewal {
  readonly #parts: RenewalParts;
  readonly #newest = new Map<string, object>();

  constructor(parts: RenewalParts) {
    this.#parts = parts;
  }

  /**
   * The certificate is good before it is handed out, so that a host that has it is never refused.
   * Of two requests the newer one wins: were the pin of the older one written last, the host would hold a
   * certificate that nobody knows. An empty CSR_PEM changes nothing.
   * Rejects with RenewalOvertaken, an Error about the request, or 404 when the host was removed.
   */
  async renew(host_id: string, csr_pem: string, isGone: () => boolean): Promise<EnrolReply> {
    const { authority, hosts, now } = this.#parts;
    const { ca_pem } = authority;
    if (csr_pem === "") return { host_id, certificate_pem: "", ca_pem };
    const request = {};
    this.#newest.set(host_id, request);
    try {
      const signed = await authority.signHost(csr_pem, host_id, now());
      if (this.#newest.get(host_id) !== request || isGone()) {
        throw new RenewalOvertaken("A newer request of this host came in between.");
      }
      hosts.find(host_id);
      hosts.certified(host_id, signed);
      return { host_id, certificate_pem: signed.certificate_pem, ca_pem };
    } finally {
      if (this.#newest.get(host_id) === request) this.#newest.delete(host_id);
    }
  }
}
