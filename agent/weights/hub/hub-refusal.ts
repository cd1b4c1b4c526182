/** Why a hub does not give what it was asked for, in a sentence. Pure. */
import { StartError } from "../../replicas/start-error.ts";

interface About {
  repository: string;
  revision: string;
  file?: string;
  token: string;
}

/**
 * Why the hub does not give what was asked for. It answers 401 also for repositories that do not
 * exist when nobody is logged in; X-Error-Code tells them apart (huggingface_hub
 * `hf_raise_for_status`), and where it is missing the sentence says all that it can be.
 */
export function hubRefusal(
  endpoint: string,
  { repository, revision, file, token }: About,
  { status, headers }: Pick<Response, "status" | "headers">,
): StartError {
  const code = headers.get("x-error-code");
  const words = headers.get("x-error-message") ?? "";
  const page = `${endpoint}/${repository}`;
  if (code === "RevisionNotFound") {
    return notFound(`${repository} has no revision ${revision}. See ${page} for what it has.`);
  }
  if (code === "EntryNotFound") {
    return notFound(`${repository} has no file ${file} at ${revision}. See ${page} for its files.`);
  }
  if (status === 401 && /invalid credentials/i.test(words)) {
    return new StartError(
      "gated_model",
      "The hub does not accept this hf_token. Give another one.",
    );
  }
  const isBare = status === 401 && code === null && token === "";
  if (isBare || status === 404 || code === "RepoNotFound") {
    return notFound(
      token === ""
        ? `${endpoint} has no model ${repository}, or it is private. Check the name; for a private one give a token with hf_token.`
        : `${endpoint} has no model ${repository} that this hf_token may see. Check the name.`,
    );
  }
  if (status === 401 || status === 403) return gated(repository, page, token);
  return new StartError("download", `${endpoint} answered ${status} for ${repository}.`, true);
}

function gated(repository: string, page: string, token: string): StartError {
  return new StartError(
    "gated_model",
    token === ""
      ? `${repository} is gated or private. Accept its licence at ${page} and give a token with hf_token.`
      : `This hf_token may not read ${repository}. Accept its licence at ${page} with the account of the token, or give another one with hf_token.`,
  );
}

const notFound = (sentence: string): StartError => new StartError("not_found", sentence);
