/** A whole chat answer as a Response. */

import { upstreamError } from "../../proxy/runtime-error.ts";
import { speechIn, thoughtIn } from "../../reading/message.ts";
import { isObject } from "../../request/json.ts";
import {
  callItem,
  callOf,
  type Item,
  type ItemStatus,
  logprobsIn,
  type Prose,
  speech,
  thought,
} from "./items.ts";
import { endingOf, headOf, responseObject, seconds } from "./response.ts";
import { usageFromChat } from "./usage.ts";

type Body = Readonly<Record<string, unknown>>;

/** BODY is what the client asked, NOW in milliseconds. Throws 502 when ANSWER has no message. */
export function fromChat(answer: Body, body: Body, now: number): Record<string, unknown> {
  const choice: unknown = Array.isArray(answer["choices"]) ? answer["choices"][0] : null;
  const message = isObject(choice) ? choice["message"] : null;
  if (!isObject(choice) || !isObject(message)) {
    throw upstreamError("The runtime's answer has no message.");
  }
  const ending = endingOf(choice["finish_reason"]);
  return responseObject(body, headOf(answer, body, now), {
    ...ending,
    output: outputOf(message, logprobsIn(choice), ending.status),
    usage: usageFromChat(answer["usage"]),
    completed_at: seconds(now),
  });
}

/** STATUS is that of the last item: what was cut off is cut off there. */
function outputOf(message: Body, logprobs: readonly unknown[], status: ItemStatus): Item[] {
  const calls = Array.isArray(message["tool_calls"]) ? message["tool_calls"].filter(isObject) : [];
  const makers = [
    prose(thought, thoughtIn(message), []),
    prose(speech, speechIn(message), logprobs),
    ...calls.map((call) => (itsStatus: ItemStatus) => callItem(callOf(call), itsStatus)),
  ].filter((maker) => maker !== null);
  return makers.map((make, index) => make(index === makers.length - 1 ? status : "completed"));
}

function prose(kind: Prose, text: string, logprobs: readonly unknown[]) {
  if (text === "") return null;
  return (status: ItemStatus): Item => kind.item(kind.newId(), status, [kind.part(text, logprobs)]);
}
