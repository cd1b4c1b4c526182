import { createHash, X509Certificate } from "node:crypto";
import { connect, type DetailedPeerCertificate } from "node:tls";
import { control_plane_name } from "../contract/protocol/messages.ts";
import { splitAddress } from "./control-plane.ts";

export class PinMismatch extends Error {}

/**
 * Fetches the CA certificate (PEM) that the server at ADDRESS sends in its chain and returns it only
 * if its SHA-256 is the pin. Nothing but a TLS greeting is sent: whether this is the right server is
 * what we are finding out. Throws PinMismatch for another CA, or the network's error.
 */
export function fetchPinnedCa(
  address: string,
  ca_sha256: string,
  patience_ms = 10_000,
): Promise<string> {
  return new Promise((settle, fail) => {
    const socket = connect({
      ...splitAddress(address),
      servername: control_plane_name,
      ALPNProtocols: ["h2"],
      // The chain cannot be verified before its root is known; the pin is what is verified.
      rejectUnauthorized: false,
    });
    const end = (act: () => void) => {
      clearTimeout(timer);
      socket.destroy();
      act();
    };
    const timer = setTimeout(
      () => end(() => fail(new Error(`no answer within ${patience_ms / 1000} s`))),
      patience_ms,
    );
    socket.once("error", (error) => end(() => fail(error)));
    socket.once("secureConnect", () => {
      const root = pinned(socket.getPeerCertificate(true), ca_sha256);
      end(() => (root === undefined ? fail(mismatch(address)) : settle(root)));
    });
  });
}

function pinned(leaf: DetailedPeerCertificate, ca_sha256: string): string | undefined {
  const seen = new Set<string>();
  for (let link: DetailedPeerCertificate | undefined = leaf; link?.raw !== undefined; ) {
    const sha256 = createHash("sha256").update(link.raw).digest("hex");
    if (sha256 === ca_sha256) return new X509Certificate(link.raw).toString();
    // A self-signed certificate is its own issuer.
    if (seen.has(sha256)) return undefined;
    seen.add(sha256);
    link = link.issuerCertificate;
  }
  return undefined;
}

function mismatch(address: string): PinMismatch {
  return new PinMismatch(
    `The server at ${address} is not the control plane that made this join token, so nothing was sent to it. Check the address, or create a new token on the control plane.`,
  );
}
