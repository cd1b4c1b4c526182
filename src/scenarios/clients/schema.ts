/** Holds what clients are answered to OpenAI's own description of its API. */
import Ajv, { type ValidateFunction } from "ajv/dist/2020.js";
import schema from "./openai-schema.json";

const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
ajv.addSchema(schema);

/** What was seen, and what was wrong with it, as sentences. */
export interface Held {
  checked: number;
  wrong: string[];
}

const whole: readonly [path: RegExp, name: string][] = [
  [/\/chat\/completions$/, "CreateChatCompletionResponse"],
  [/\/responses$/, "Response"],
  [/\/embeddings$/, "CreateEmbeddingResponse"],
  [/\/models$/, "ListModelsResponse"],
];

const events: Readonly<Record<string, string>> = {
  "response.created": "ResponseCreatedEvent",
  "response.in_progress": "ResponseInProgressEvent",
  "response.output_item.added": "ResponseOutputItemAddedEvent",
  "response.output_item.done": "ResponseOutputItemDoneEvent",
  "response.content_part.added": "ResponseContentPartAddedEvent",
  "response.content_part.done": "ResponseContentPartDoneEvent",
  "response.output_text.delta": "ResponseTextDeltaEvent",
  "response.output_text.done": "ResponseTextDoneEvent",
  "response.function_call_arguments.delta": "ResponseFunctionCallArgumentsDeltaEvent",
  "response.function_call_arguments.done": "ResponseFunctionCallArgumentsDoneEvent",
  "response.completed": "ResponseCompletedEvent",
  "response.incomplete": "ResponseIncompleteEvent",
  "response.failed": "ResponseFailedEvent",
  error: "ResponseErrorEvent",
};

/** A `fetch` for a client; every answer that passes is checked into HELD. */
export function heldFetch(held: Held): typeof fetch {
  const checking = async (input: string | URL | Request, init?: RequestInit) => {
    const response = await fetch(input, init);
    const path = new URL(input instanceof Request ? input.url : input).pathname;
    const isStream = response.headers.get("content-type")?.startsWith("text/event-stream");
    if (!isStream) {
      check(held, nameOf(path, response.status), await response.clone().json());
      return response;
    }
    const splitter = framesOf((data) => check(held, ...eventOf(path, data)));
    const body = response.body?.pipeThrough(splitter);
    return new Response(body, { status: response.status, headers: response.headers });
  };
  return Object.assign(checking, { preconnect: fetch.preconnect });
}

const nameOf = (path: string, status: number): string =>
  status >= 400 ? "ErrorResponse" : (whole.find(([route]) => route.test(path))?.[1] ?? "");

function eventOf(path: string, data: string): [name: string, value: unknown] {
  if (data === "[DONE]") return ["", null];
  const value = JSON.parse(data);
  if (path.endsWith("/responses")) return [events[value.type] ?? `unknown ${value.type}`, value];
  if (!path.endsWith("/chat/completions")) return ["", value];
  return [value.error ? "ErrorResponse" : "CreateChatCompletionStreamResponse", value];
}

function check(held: Held, name: string, value: unknown): void {
  if (name === "") return;
  held.checked++;
  const validate = ajv.getSchema(`openai#/$defs/${name}`) as ValidateFunction | undefined;
  if (!validate) held.wrong.push(`There is no ${name}.`);
  else if (!validate(value)) {
    held.wrong.push(`${name}: ${ajv.errorsText(validate.errors)}; it was ${JSON.stringify(value)}`);
  }
}

/** Lets bytes pass, and hands on the data of each event. */
function framesOf(heard: (data: string) => void): TransformStream<Uint8Array, Uint8Array> {
  const decoder = new TextDecoder();
  let text = "";
  return new TransformStream({
    transform(bytes, controller) {
      text += decoder.decode(bytes, { stream: true });
      const frames = text.split("\n\n");
      text = frames.pop() ?? "";
      for (const frame of frames) {
        const data = /^data: (.*)$/m.exec(frame)?.[1];
        if (data !== undefined) heard(data);
      }
      controller.enqueue(bytes);
    },
  });
}
