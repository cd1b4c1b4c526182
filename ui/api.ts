/** The only caller of /api and /v1. Every failure is an `ApiProblem`: a sentence for a person. */
import type {
  HostView,
  JoinTokenBody,
  KeyBody,
  KeyView,
  LoginBody,
  ModelList,
  ModelView,
  SignedIn,
  UsageBy,
  UsagePage,
  UsageSummary,
  UserBody,
  UserChanges,
  UserView,
} from "../src/app/control-api.ts";

export interface List<Item> {
  data: Item[];
}

export class ApiProblem extends Error {
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  readonly code: string | null;
  /** `x-request-id`, to be found in the log; null when no answer came. */
  readonly requestId: string | null;

  constructor(
    message: string,
    about: { status?: number; code?: string | null; requestId?: string | null } = {},
  ) {
    super(message);
    this.name = "ApiProblem";
    this.status = about.status ?? 0;
    this.code = about.code ?? null;
    this.requestId = about.requestId ?? null;
  }
}

export function asProblem(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error;
  return new ApiProblem("The page itself made a mistake. Reload it and try again.");
}

let onGuest = (): void => undefined;

/** DO runs whenever an answer says that nobody is signed in. */
export function whenSignedOut(act: () => void): void {
  onGuest = act;
}

interface RequestOptions {
  method?: string;
  body?: unknown;
  signal?: AbortSignal;
}

async function ask(
  path: string,
  { method = "GET", body, signal }: RequestOptions = {},
): Promise<Response> {
  const response = await fetch(path, {
    method,
    ...(body !== undefined && {
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    }),
    ...(signal && { signal }),
  }).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw new ApiProblem(
      "The appliance did not answer. Check that it runs and that this device reaches it, then try again.",
    );
  });
  if (response.ok) return response;
  const problem = await problemOf(response);
  if (problem.status === 401 && problem.code !== "invalid_login") onGuest();
  throw problem;
}

async function problemOf(response: Response): Promise<ApiProblem> {
  const sent: unknown = await response.json().catch(() => null);
  const { message, code } =
    (sent as { error?: { message?: string; code?: string } } | null)?.error ?? {};
  const wait_s = Number(response.headers.get("retry-after"));
  const when = response.status === 429 && wait_s > 0 ? ` Try again in ${wait_s} s.` : "";
  const sentence = message ?? `The appliance answered with status ${response.status}. Try again.`;
  return new ApiProblem(sentence + (sentence.includes("again in") ? "" : when), {
    status: response.status,
    code: code ?? null,
    requestId: response.headers.get("x-request-id"),
  });
}

export async function json<T>(path: string, options?: RequestOptions): Promise<T> {
  const response = await ask(path, options);
  return (await response.json()) as T;
}

async function done(path: string, options: RequestOptions): Promise<void> {
  await ask(path, options);
}

export const remove = (path: string): Promise<void> => done(path, { method: "DELETE" });

export const at = (collection: string, id: string): string =>
  `/api/${collection}/${encodeURIComponent(id)}`;

export const me = (): Promise<{ user: SignedIn }> => json("/api/auth/me");
export const login = (body: LoginBody): Promise<{ user: SignedIn }> =>
  json("/api/auth/login", { method: "POST", body });
export const logout = (): Promise<void> => done("/api/auth/logout", { method: "POST" });

export const listHosts = (): Promise<List<HostView>> => json("/api/hosts");
export const listModels = (): Promise<ModelList<ModelView>> => json("/api/models");
export const listKeys = (): Promise<List<KeyView>> => json("/api/keys");
export const listUsers = (): Promise<List<UserView>> => json("/api/users");

export interface JoinToken {
  token: string;
  expires_at: number;
  command: string;
}
export const createJoinToken = (body: JoinTokenBody = {}): Promise<JoinToken> =>
  json("/api/hosts/join-tokens", { method: "POST", body });
export const setCordon = (id: string, cordoned: boolean): Promise<HostView> =>
  json(`${at("hosts", id)}/${cordoned ? "cordon" : "uncordon"}`, { method: "POST" });
export const drainHost = (id: string): Promise<HostView> =>
  json(`${at("hosts", id)}/drain`, { method: "POST" });
export const removeHost = (id: string): Promise<void> => remove(at("hosts", id));

export const createKey = (key: KeyBody): Promise<KeyView & { key: string }> =>
  json("/api/keys", { method: "POST", body: key });
export const revokeKey = (id: string): Promise<{ streams_cut: number }> =>
  json(at("keys", id), { method: "DELETE" });

export const createUser = (user: UserBody): Promise<UserView> =>
  json("/api/users", { method: "POST", body: user });
export const changeUser = (id: string, changes: UserChanges): Promise<UserView> =>
  json(at("users", id), { method: "PATCH", body: changes });
export const removeUser = (id: string): Promise<void> => remove(at("users", id));

export const summarizeUsage = (by: UsageBy, from?: number): Promise<UsageSummary> =>
  json(`/api/usage?by=${by}${from === undefined ? "" : `&from=${from}`}`);
export const listRequests = (limit: number, before: number | null): Promise<UsagePage> =>
  json(`/api/usage/events?limit=${limit}${before === null ? "" : `&before=${before}`}`);
/** Address of the download; the browser fetches it. */
export const usageCsv = (from: number): string => `/api/usage.csv?from=${from}`;

/** A streamed chat answer; its body is SSE. Rejects with the signal's reason when aborted. */
export const streamChat = (body: unknown, signal: AbortSignal): Promise<Response> =>
  ask("/v1/chat/completions", { method: "POST", body, signal });

/** The stream of changed topics; it carries the session cookie, as every request here does. */
export const openEvents = (): EventSource => new EventSource("/api/events");
