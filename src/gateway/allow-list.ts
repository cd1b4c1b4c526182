/** Which field of the body carries what the model is asked. */
export type Input = "messages" | "prompt";

/** ENDPOINT: the Dedicated endpoint whose path it is; null where the body names the model. */
export type Route =
  | {
      method: "POST";
      serves: "generation";
      upstream: string;
      input: Input;
      endpoint: string | null;
    }
  | { method: "GET"; serves: "models"; endpoint: string | null }
  | { method: "GET"; serves: "model"; name: string };

/**
 * The only paths that are ours, and where each goes on a runtime. It is a list of what is allowed and
 * not of what is forbidden: runtimes serve many other paths, some of which load weights or run code.
 */
const shared = new Map<string, Exclude<Route, { serves: "model" }>>([
  [
    "chat/completions",
    {
      method: "POST",
      serves: "generation",
      upstream: "/v1/chat/completions",
      input: "messages",
      endpoint: null,
    },
  ],
  [
    "completions",
    {
      method: "POST",
      serves: "generation",
      upstream: "/v1/completions",
      input: "prompt",
      endpoint: null,
    },
  ],
  ["models", { method: "GET", serves: "models", endpoint: null }],
]);

const elastic = "/v1/";
const chatAlias = "/api/chat/completions";
const dedicated = /^\/api\/d\/(endpt-[0-9A-Za-z-]{1,64})\/(?:v1\/)?(.*)$/s;
const modelPrefix = "/v1/models/";

/** The route of PATH, or null. A model's name may hold slashes, plain or percent-encoded. */
export function routeOf(path: string): Route | null {
  if (path === chatAlias) return shared.get("chat/completions") ?? null;
  if (path.startsWith(elastic)) return shared.get(path.slice(elastic.length)) ?? modelOf(path);
  const [, endpoint, rest = ""] = dedicated.exec(path) ?? [];
  const route = shared.get(rest);
  return endpoint !== undefined && route ? { ...route, endpoint } : null;
}

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

/** The path of an absolute URL, without parsing the rest: this runs for every request. */
export function pathOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  const query = url.indexOf("?", start);
  return query === -1 ? url.slice(start) : url.slice(start, query);
}
