import type { S3Access } from "../../../agent/contract/protocol/messages.ts";
import type { Settings } from "./settings.ts";

/** What opens the store, in the clear; null where none is set up. Throws a Failure when the key file is another. */
export function s3Access(settings: Pick<Settings, "current" | "secret">): S3Access | null {
  const { endpoint, region, access_key_id, path_style, ca_pem } = settings.current().s3;
  if (endpoint === "") return null;
  const secret_access_key = settings.secret("s3");
  const plain = endpoint.replace(/\/+$/, "");
  return { endpoint: plain, region, access_key_id, secret_access_key, path_style, ca_pem };
}

/** The same for hosts: with a key file that is another they get none, which LOG hears once. */
export function s3AccessForHosts(
  settings: Pick<Settings, "current" | "secret">,
  log: (line: string) => void,
): () => S3Access | null {
  let said = "";
  return () => {
    try {
      return s3Access(settings);
    } catch (error) {
      const sentence = error instanceof Error ? error.message : String(error);
      if (sentence !== said) log(`s3: ${sentence}`);
      said = sentence;
      return null;
    }
  };
}
