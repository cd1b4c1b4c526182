/** What a hub said or did not say, as words for the person who asked for a model. */
import type { HubSource } from "../../../../agent/contract/gguf/hub-source.ts";
import { badRequest, type Failure } from "../../../shared/failure.ts";
import type { Hub, HubError } from "../../scheduler/sizing/hub-request.ts";

/** TOKEN: the one that was sent; empty for none. */
export function hubRefusal(
  { endpoint }: Hub,
  { repository, revision }: HubSource,
  token: string,
  { problem, message }: HubError,
): Failure {
  const page = `${endpoint}/${repository}`;
  switch (problem) {
    case "gated":
      return badRequest(
        token === ""
          ? `${repository} is gated or private. Accept its licence at ${page} and pass \`hf_token\`.`
          : `This \`hf_token\` may not read ${repository}. Accept its licence at ${page} with the account of the token, or pass another one.`,
        "hf_token",
        "gated_model",
      );
    case "no_revision":
      return badRequest(
        `${repository} has no revision ${JSON.stringify(revision ?? "main")}. See ${page}/tree/main for its branches.`,
        "revision",
        "model_not_found",
      );
    case "missing":
      return badRequest(
        `${endpoint} has no model ${repository}${token === "" ? ", or it is private. Check the name; for a private one pass `hf_token`." : " that this `hf_token` may see. Check the name."}`,
        "model",
        "model_not_found",
      );
    default:
      return badRequest(`${repository} cannot be read from ${endpoint}, ${message}.`, "model");
  }
}

/** ENDPOINT of the hub, or of the store. */
export const hubSilence = (endpoint: string, { repository }: HubSource, error: HubError): string =>
  `${repository} could not be looked up at ${endpoint}, ${error.message}. It is sized by its name, and the hosts will try to fetch it.`;
