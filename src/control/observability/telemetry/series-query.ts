/** How time series are asked for over HTTP. */
import { t } from "elysia";
import { badRequest } from "../../../shared/failure.ts";
import { closed, timeInQuery } from "../../route-schema.ts";
import type { SeriesQuery } from "./samples.ts";

const time = timeInQuery;
const resolution = t.Union([
  t.Literal("auto"),
  t.Literal("raw"),
  t.Literal("minute"),
  t.Literal("hour"),
]);

/** `?metric=a,b&from&to&resolution`, all of it optional. */
export const seriesParameters = t.Object(
  {
    metric: t.Optional(t.String({ description: "Names with commas; all without it." })),
    from: time,
    to: time,
    resolution: t.Optional(resolution),
  },
  closed,
);

/** Throws 400 for what is no name of a metric. */
export function seriesQueryOf({
  metric,
  resolution = "auto",
  from,
  to,
}: typeof seriesParameters.static): SeriesQuery {
  return {
    metrics: metricsIn(metric),
    resolution,
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
  };
}

function metricsIn(words: string | undefined): string[] {
  const metrics = words === undefined || words === "" ? [] : words.split(",");
  if (metrics.length <= 32 && metrics.every((word) => /^[a-z0-9_]{1,64}$/.test(word))) {
    return metrics;
  }
  throw badRequest("`metric` is a list of names such as inflight,ttft_p95_ms.", "metric");
}
