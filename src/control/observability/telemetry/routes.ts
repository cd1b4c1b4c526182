import { Elysia } from "elysia";
import type { Guard } from "../../../shared/access.ts";
import { about, told } from "../../route-schema.ts";
import type { Telemetry } from "./telemetry.ts";

export interface MetricsParts {
  telemetry: Pick<Telemetry, "exposition">;
  guard: Guard;
  addressOf(request: Request): string;
}

/** For Prometheus: on this machine without a key, from elsewhere with an admin's. */
export function metricsRoutes({ telemetry, guard, addressOf }: MetricsParts) {
  return new Elysia(about("Appliance", "guest")).get(
    "/metrics",
    ({ request }) => {
      if (!isLoopback(addressOf(request)) || isProxied(request)) guard(request, "admin");
      return new Response(telemetry.exposition(), {
        headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8" },
      });
    },
    told(
      "Metrics for Prometheus: on the appliance's own machine without a key, from elsewhere with an admin's.",
      { 200: "Prometheus' text format." },
      "text/plain",
    ),
  );
}

const isLoopback = (address: string): boolean =>
  address === "::1" || /^(?:::ffff:)?127\./.test(address);

/** A proxy on this machine speaks for somebody elsewhere. */
const isProxied = ({ headers }: Request): boolean =>
  ["forwarded", "x-forwarded-for", "x-real-ip"].some((name) => headers.has(name));
