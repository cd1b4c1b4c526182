import { EventTap } from "../event-tap.ts";
import { isObject } from "../json.ts";
import { errorEvent } from "./error.ts";
import { tokensOfMessage } from "./from-chat.ts";

/** Events that say more than "one more token"; the rest is not read. */
const markers = ["message_start", "message_delta", "message_stop", "event: error"];

/** Passes the events of a runtime that knows the Messages API itself. Its last two wait for the row. */
export class MessagesTap extends EventTap {
  constructor() {
    super({ markers, content: "content_block_delta", broken: errorEvent });
  }

  protected override read(event: Record<string, unknown>): "pass" | "keep" | "stop" {
    const { type } = event;
    if (type === "message_start" && isObject(event["message"])) {
      this.tokens = tokensOfMessage(event["message"]["usage"]);
      return "pass";
    }
    if (type === "message_delta") {
      this.#count(event["usage"]);
      this.finished = true;
      return "keep";
    }
    return type === "message_stop" ? "stop" : "pass";
  }

  /** The end says the completion alone, or all; what the beginning said holds where it says nothing. */
  #count(usage: unknown): void {
    const counts = tokensOfMessage(usage);
    if (!counts) return;
    const { tokens } = this;
    const isWhole = counts.prompt_tokens > 0 || !tokens;
    this.tokens = isWhole ? counts : { ...tokens, completion_tokens: counts.completion_tokens };
  }
}
