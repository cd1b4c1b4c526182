/**
 * What peers say on a host's relay port, in TLS with both hosts' certificates, under the server name below,
 * one question a connection:
 *
 *     "ask DIGEST\n"         "none\n", or a line of JSON: an Answer without host_id
 *     "get DIGEST FROM\n"    the blob's bytes from there on, as they come; the end of the connection before
 *                            the end of the blob means that no more will come
 */
export const peers_name = "peers.hypervize";

/** Longer is no question. */
export const longest_question = 100;

export type Question =
  | { verb: "ask"; digest: string }
  | { verb: "get"; digest: string; from: number };

/** LINE without its end. Undefined for anything else. */
export function questionIn(line: string): Question | undefined {
  const [, verb, digest = "", from] = /^(ask|get) ([0-9a-f]{64})(?: (\d{1,15}))?$/.exec(line) ?? [];
  if (verb === "ask" && from === undefined) return { verb, digest };
  return verb === "get" && from !== undefined ? { verb, digest, from: Number(from) } : undefined;
}
