/** What agent and sizing do alike on the way from a model hub to its storage, hop by hop. */

export const most_redirects = 5;

/** A token is for the hub alone: the storage that it redirects to must not get it. */
export function headersFor(url: URL, hub: { origin: string; token: string }) {
  const isHub = url.origin === hub.origin && hub.token !== "";
  return {
    // Ranges count the bytes of the file itself; a compressed answer has others (huggingface_hub met that at CloudFront).
    "accept-encoding": "identity",
    ...(isHub && { authorization: `Bearer ${hub.token}` }),
  };
}

/** Undefined for an answer that is no redirect; null for one that leads nowhere, or out of TLS. */
export function redirectOf(
  { status, headers }: Pick<Response, "status" | "headers">,
  from: URL,
): URL | null | undefined {
  const location = headers.get("location");
  if (status < 300 || status >= 400 || location === null) return undefined;
  const next = URL.parse(location, from);
  return next?.protocol === "https:" || next?.protocol === from.protocol ? next : null;
}
