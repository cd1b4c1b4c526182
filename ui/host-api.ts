/** What the dashboard asks about how hosts fare. */
import type { AlertView, Series } from "../src/app/control-api.ts";
import { at, json, type List } from "./api.ts";
import type { Query } from "./remote.ts";

const hour_ms = 3_600_000;

export const alertsQuery: Query<List<AlertView>> = {
  key: "alerts",
  load: () => json("/api/alerts"),
  topics: ["hosts"],
};

/** The last hour of one GPU; a sample comes every ten seconds. */
export const gpuSeriesQuery = (host_id: string, metrics: readonly string[]): Query<Series> => ({
  key: `series of ${host_id} ${metrics.join()}`,
  load: () =>
    json(`${at("hosts", host_id)}/metrics?metric=${metrics}&from=${Date.now() - hour_ms}`),
  topics: ["hosts"],
  rest_ms: 10_000,
});
