/** Which field of the body carries what the model is asked. */
export type Input = "messages" | "prompt";

export type Route =
  | { method: "POST"; serves: "generation"; upstream: string; input: Input }
  | { method: "GET"; serves: "models" }
  | { method: "GET"; serves: "model"; name: string };

const chat: Route = {
  method: "POST",
  serves: "generation",
  upstream: "/v1/chat/completions",
  input: "messages",
};

/**
 * The only paths that are ours, and where each goes on a runtime. It is a list of what is allowed and
 * not of what is forbidden: runtimes serve many other paths, some of which load weights or run code.
 */
const routes = new Map<string, Route>([
  ["/v1/chat/completions", chat],
  ["/api/chat/completions", chat],
  [
    "/v1/completions",
    { method: "POST", serves: "generation", upstream: "/v1/completions", input: "prompt" },
  ],
  ["/v1/models", { method: "GET", serves: "models" }],
]);

const modelPrefix = "/v1/models/";

/** The route of PATH, or null. A model's name may hold slashes, plain or percent-encoded. */
export function routeOf(path: string): Route | null {
  const route = routes.get(path);
  if (route) return route;
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
  return path === "/v1" || path.startsWith("/v1/") || routes.has(path);
}

/** The path of an absolute URL, without parsing the rest: this runs for every request. */
export function pathOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  const query = url.indexOf("?", start);
  return query === -1 ? url.slice(start) : url.slice(start, query);
}
