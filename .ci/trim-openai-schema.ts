/**
 * Cuts OpenAI's API description down to what our answers are held to, for src/scenarios/clients. Run by hand
 * when that is to be renewed: bun .ci/trim-openai-schema.ts openapi.json COMMIT > openai-schema.json
 */
type Json = Record<string, unknown>;

const roots = [
  ...["CreateChatCompletionResponse", "CreateChatCompletionStreamResponse", "ErrorResponse"],
  ...["CreateCompletionResponse", "CreateEmbeddingResponse", "ListModelsResponse", "Model"],
  "Response",
];
/** The events that we write; the union of all of them would bring in every hosted tool. */
const events = [
  ...["ResponseCreatedEvent", "ResponseInProgressEvent", "ResponseOutputItemAddedEvent"],
  ...["ResponseContentPartAddedEvent", "ResponseTextDeltaEvent", "ResponseTextDoneEvent"],
  ...["ResponseContentPartDoneEvent", "ResponseOutputItemDoneEvent", "ResponseCompletedEvent"],
  ...["ResponseIncompleteEvent", "ResponseFailedEvent", "ResponseErrorEvent"],
  ...["ResponseFunctionCallArgumentsDeltaEvent", "ResponseFunctionCallArgumentsDoneEvent"],
];
/** Words for people, and what AJV does not know. */
const dropped = new Set(["description", "example", "examples", "title", "default", "deprecated"]);

const [file = "", commit = ""] = process.argv.slice(2);
const { components } = await Bun.file(file).json();
const all: Record<string, Json> = components.schemas;
const kept: Record<string, unknown> = {};

function keep(name: string): void {
  if (name in kept) return;
  kept[name] = null;
  kept[name] = trimmed(all[name]);
}

function trimmed(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(trimmed);
  if (typeof node !== "object" || node === null) return node;
  const schema = node as Json;
  if (typeof schema["$ref"] === "string") {
    const name = schema["$ref"].slice(schema["$ref"].lastIndexOf("/") + 1);
    keep(name);
    return { $ref: `#/$defs/${name}` };
  }
  const entries = Object.entries(schema)
    .filter(([key]) => !/^(x-|\$recursive|nullable$|discriminator$)/.test(key))
    .filter(([key, value]) => !(dropped.has(key) && typeof value !== "object"))
    .filter(([key]) => key !== "example" && key !== "examples" && key !== "default")
    .map(([key, value]) => [
      key,
      key === "properties" ? propertiesOf(value as Json) : trimmed(value),
    ]);
  const clean = Object.fromEntries(entries);
  // The description is 3.1 and still says `nullable` as 3.0 did.
  return schema["nullable"] === true ? { anyOf: [clean, { type: "null" }] } : clean;
}

const propertiesOf = (properties: Json): Json =>
  Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, trimmed(value)]));

for (const name of [...roots, ...events]) if (all[name]) keep(name);
// It says that both are never null, and the API itself sends null for them until it knows more.
const parts = (kept["Response"] as { allOf: Json[] }).allOf.map((part) => {
  const ref = part["$ref"];
  return (typeof ref === "string" ? kept[ref.slice("#/$defs/".length)] : part) as Json;
});
for (const properties of parts.map((part) => part["properties"] as Json | undefined)) {
  for (const field of ["user", "usage"]) {
    if (properties?.[field]) properties[field] = { anyOf: [properties[field], { type: "null" }] };
  }
}
const source = `https://github.com/openai/openai-openapi at ${commit}, MIT licence`;
await Bun.write(Bun.stdout, JSON.stringify({ $id: "openai", $comment: source, $defs: kept }));

export {};
