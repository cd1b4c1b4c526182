/** What pages ask the server, and which events make an answer old. */
import type {
  HostView,
  KeyView,
  ModelList,
  ModelView,
  UsageBy,
  UsagePage,
  UsageSummary,
  UserView,
} from "../src/http.ts";
import * as api from "./api.ts";
import { type Period, startOf } from "./buckets.ts";
import type { Query } from "./remote.ts";

export const hostsQuery: Query<api.List<HostView>> = {
  key: "hosts",
  load: api.listHosts,
  topics: ["hosts"],
};

export const modelsQuery: Query<ModelList<ModelView>> = {
  key: "models",
  load: api.listModels,
  topics: ["models", "hosts"],
};

export const keysQuery: Query<api.List<KeyView>> = {
  key: "keys",
  load: api.listKeys,
  topics: ["keys"],
};

export const usersQuery: Query<api.List<UserView>> = {
  key: "users",
  load: api.listUsers,
  topics: [],
};

/** Sums over long periods cost the server more, and change less. */
const rest_ms: Record<Period["bucket"], number> = { minute: 2_000, hour: 10_000, day: 30_000 };

export function usageQuery(by: UsageBy, period: Period): Query<UsageSummary> {
  return {
    key: `usage by ${by} in ${period.id}`,
    load: () => api.summarizeUsage(by, startOf(period, Date.now())),
    topics: ["usage"],
    rest_ms: rest_ms[period.bucket],
  };
}

const requests_shown = 25;

/** The newest requests before a time; null: the newest of all. Older pages never change. */
export function requestsQuery(before: number | null): Query<UsagePage> {
  return {
    key: `requests before ${before}`,
    load: () => api.listRequests(requests_shown, before),
    topics: before === null ? ["usage"] : [],
    rest_ms: 2_000,
  };
}
