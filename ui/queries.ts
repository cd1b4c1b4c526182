/** What pages ask the server, and which events make an answer old. */
import type {
  AliasView,
  DriftView,
  EndpointEvent,
  EndpointView,
  HostView,
  KeyView,
  ModelList,
  ModelView,
  NotificationView,
  Price,
  ProviderView,
  Series,
  SettingsView,
  TeamView,
  UsageBy,
  UsagePage,
  UsageSummary,
  UserView,
} from "../src/app/control-api.ts";
import * as api from "./api.ts";
import { type Period, startOf } from "./buckets.ts";
import {
  findEndpoint,
  type List,
  listEndpoints,
  listEvents,
  listNotifications,
  readSettings,
  seriesOf,
} from "./dedicated-api.ts";
import { listAliases, listPrices, listProviders, listTeams, readDrift } from "./gateway-api.ts";
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

export const endpointsQuery: Query<List<EndpointView>> = {
  key: "endpoints",
  load: listEndpoints,
  topics: ["endpoints"],
};

export const endpointQuery = (id: string): Query<EndpointView> => ({
  key: `endpoint ${id}`,
  load: () => findEndpoint(id),
  topics: ["endpoints"],
});

export const eventsQuery = (id: string): Query<List<EndpointEvent>> => ({
  key: `events of ${id}`,
  load: () => listEvents(id),
  topics: ["endpoints"],
});

/** The last hour; a sample comes every ten seconds. */
export const seriesQuery = (id: string): Query<Series> => ({
  key: `series of ${id}`,
  load: () => seriesOf(id, Date.now() - 3_600_000),
  topics: ["endpoints", "usage"],
  rest_ms: 10_000,
});

export const settingsQuery: Query<SettingsView> = {
  key: "settings",
  load: readSettings,
  topics: ["settings"],
};

export const notificationsQuery: Query<List<NotificationView>> = {
  key: "notifications",
  load: listNotifications,
  topics: ["settings"],
};

export const teamsQuery: Query<List<TeamView>> = {
  key: "teams",
  load: listTeams,
  topics: ["keys"],
};

export const aliasesQuery: Query<List<AliasView>> = {
  key: "aliases",
  load: listAliases,
  topics: ["models", "endpoints"],
};

export const providersQuery: Query<List<ProviderView>> = {
  key: "providers",
  load: listProviders,
  topics: ["models"],
};

export const pricesQuery: Query<List<Price>> = {
  key: "prices",
  load: listPrices,
  topics: [],
};

export const driftQuery: Query<DriftView> = {
  key: "drift",
  load: readDrift,
  topics: ["usage"],
  rest_ms: 60_000,
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
