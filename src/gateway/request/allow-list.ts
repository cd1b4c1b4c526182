/** What can be asked of a model; the path behind `/v1/` too. */
export type Kind =
  | "chat/completions"
  | "completions"
  | "embeddings"
  | "rerank"
  | "responses"
  | "messages"
  | "audio/transcriptions"
  | "audio/speech"
  | "images/generations";

/** ENDPOINT: the Dedicated endpoint whose path it is; null where the body names the model. */
export type Route =
  | { method: "POST"; serves: "generation"; kind: Kind; endpoint: string | null }
  | { method: "GET"; serves: "models"; endpoint: string | null }
  | { method: "GET"; serves: "model"; name: string };

type SharedRoute = Exclude<Route, { serves: "model" }>;

const generation = (kind: Kind): [string, SharedRoute] => [
  kind,
  { method: "POST", serves: "generation", kind, endpoint: null },
];

/**
 * The only paths that are ours, and where each goes on a runtime. It is a list of what is allowed and
 * not of what is forbidden: runtimes serve many other paths, some of which load weights or run code.
 */
const ofEndpoints: ReadonlyMap<string, SharedRoute> = new Map([
  generation("chat/completions"),
  generation("completions"),
  generation("embeddings"),
  generation("rerank"),
  generation("responses"),
  generation("messages"),
  ["models", { method: "GET", serves: "models", endpoint: null }],
]);
const ofThePool: ReadonlyMap<string, SharedRoute> = new Map([
  ...ofEndpoints,
  generation("audio/transcriptions"),
  generation("audio/speech"),
  generation("images/generations"),
]);

const elastic = "/v1/";
const chatAlias = "/api/chat/completions";
const dedicated = /^\/api\/d\/(endpt-[0-9A-Za-z-]{1,64})\/(?:v1\/)?(.*)$/s;
const modelPrefix = "/v1/models/";

/** The route of PATH, or null. A model's name may hold slashes, plain or percent-encoded. */
export function routeOf(path: string): Route | null {
  if (path === chatAlias) return ofThePool.get("chat/completions") ?? null;
  if (path.startsWith(elastic)) return ofThePool.get(path.slice(elastic.length)) ?? modelOf(path);
  const [, endpoint, rest = ""] = dedicated.exec(path) ?? [];
  const route = ofEndpoints.get(rest);
  return endpoint !== undefined && route ? { ...route, endpoint } : null;
}

/** Every path that is ours, as OpenAPI writes it; WHAT is the path behind `/v1/`. */
export const documentedPaths: readonly {
  path: string;
  what: Kind | "models" | "models/{model}";
}[] = [
  ...[...ofThePool.keys(), "models/{model}"].map((what) => [`${elastic}${what}`, what]),
  [chatAlias, "chat/completions"],
  ...[...ofEndpoints.keys()].flatMap((what) => [
    [`/api/d/{endpoint}/${what}`, what],
    [`/api/d/{endpoint}/v1/${what}`, what],
  ]),
].map(([path = "", what]) => ({ path, what: what as Kind | "models" | "models/{model}" }));

function modelOf(path: string): Route | null {
  if (!path.startsWith(modelPrefix) || path.length === modelPrefix.length) return null;
  try {
    const name = decodeURIComponent(path.slice(modelPrefix.length));
    return { method: "GET", serves: "model", name };
  } catch {
    return null;
  }
}

/** True for paths that the gateway answers, be it with 404; everything else belongs to others. */
export function isOurs(path: string): boolean {
  return /^\/(?:v1|api\/d)(?:\/|$)/.test(path) || path === chatAlias;
}
