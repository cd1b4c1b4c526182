import { EventTap } from "../event-tap.ts";
import { isObject } from "../json.ts";
import { failedEvents } from "./error.ts";
import { tokensOfResponse } from "./from-chat.ts";

/** Events that say more than "one more token"; the rest is not read. */
const markers = [
  ...["response.completed", "response.incomplete", "response.failed"],
  ...["event: error", '"type":"error"'],
];

/** Passes the events of a runtime that knows the Responses API itself. The last one waits for the row. */
export class ResponsesTap extends EventTap {
  constructor() {
    super({
      markers,
      content: ".delta",
      broken: (failure) => failedEvents(failure, { object: "response" }, 0),
    });
  }

  protected override read(event: Record<string, unknown>): "pass" | "keep" | "stop" {
    const { type, response } = event;
    if (type === "response.completed" || type === "response.incomplete") {
      if (isObject(response)) this.tokens = tokensOfResponse(response["usage"]);
      this.finished = true;
      return "stop";
    }
    // Its own words are not passed on: they may quote the prompt.
    if (type === "response.failed") this.failed(isObject(response) ? response : event);
    if (type === "error") this.failed(event);
    return "pass";
  }
}
