/** `POST /api/provision` and everything under `/api/endpoints`. */
import { Elysia, t } from "elysia";
import type { Identity } from "../../../shared/access.ts";
import { inWordsOf } from "../../../shared/spelling.ts";
import { dryRun, routesFor, told } from "../../route-schema.ts";
import { isDryRun } from "../resolution/forecast.ts";
import { detailRoutes } from "./detail-routes.ts";
import type { Endpoint } from "./endpoint.ts";
import { fromHfBody, isHfBody } from "./hf-body.ts";
import { knownSizings } from "./known-sizing.ts";
import { ordered, orders } from "./orders.ts";
import { mustChange, mustSee, permissionOn } from "./permission.ts";
import { changesBody, provisionBody } from "./provision.ts";
import { createProvisioner } from "./provisioner.ts";
import type { EndpointRouteParts } from "./route-deps.ts";
import { idempotencyKey } from "./single-flight.ts";
import { type EndpointView, viewOf } from "./view.ts";

/** What an order does, and what it says when it cannot. */
const order_words = {
  pause: "Stop an endpoint; no request wakes it.",
  resume: "Let a paused or failed endpoint run again.",
  sleep: "Put an endpoint to sleep now; a request wakes it.",
  wake: "Wake a sleeping endpoint.",
} as const;
const under_way = {
  202: "It is under way: see its `status`.",
  409: "Its state does not allow it.",
};

export function endpointRoutes(parts: EndpointRouteParts) {
  const { endpoints, guard } = parts;
  const provisioner = createProvisioner(parts);
  const sizingsOn = knownSizings();

  const viewer = (request: Request, caller: Identity): ((endpoint: Endpoint) => EndpointView) => {
    const sizingOf = sizingsOn(parts.kinds());
    const { origin } = new URL(request.url);
    return (endpoint) =>
      viewOf(endpoint, permissionOn(endpoint, caller), {
        origin,
        owner_email: parts.emailOf(endpoint.user_id) ?? null,
        has_hf_token: endpoints.hasToken(endpoint.id),
        live: parts.liveOf(endpoint),
        sizing: sizingOf(endpoint),
        measured: parts.measuredOf(endpoint),
        wake: endpoints.wakeTimes(endpoint.id),
      });
  };

  const seeing = routesFor(guard, "viewer", "Endpoints")
    .derive(({ caller, request }) => ({ view: viewer(request, caller) }))
    .get(
      "/api/endpoints",
      ({ caller, view }) => {
        const seen = endpoints.list().filter((each) => permissionOn(each, caller) !== "none");
        return { data: seen.map(view) };
      },
      told("List the endpoints that you may see."),
    )
    .get(
      "/api/endpoints/:id",
      ({ caller, params, view }) => view(mustSee(endpoints.find(params.id), caller)),
      told("Show an endpoint."),
    );

  const acting = routesFor(guard, "member", "Endpoints")
    .derive(({ caller, request }) => ({ view: viewer(request, caller) }))
    .post(
      "/api/provision",
      async ({ caller, body, query, request, set, view }) => {
        if (isDryRun(query)) return inWordsOf(body, () => provisioner.dryRun(body));
        const endpoint = await inWordsOf(body, () =>
          provisioner.provision(caller, body, idempotencyKey(request)),
        );
        set.status = 202;
        return view(endpoint);
      },
      {
        ...told(
          "Make a Dedicated endpoint. The create body of Hugging Face's Inference Endpoints is taken, too.",
          {
            200: "With `dry_run`: what would become of it.",
            202: "It is being built. With a known `Idempotency-Key`: the endpoint of then.",
            409: "The `Idempotency-Key` came with another body before.",
          },
        ),
        body: provisionBody,
        headers: t.Object({ "idempotency-key": t.Optional(t.String()) }),
        query: dryRun,
        // Before the body is checked: what Hugging Face's clients send becomes one of ours.
        transform(context) {
          const sent: unknown = context.body;
          if (isHfBody(sent)) Object.assign(context, { body: fromHfBody(sent) });
        },
      },
    )
    .patch(
      "/api/endpoints/:id",
      async ({ caller, params, body, view }) =>
        view(await inWordsOf(body, () => provisioner.change(caller, params.id, body))),
      {
        ...told("Change an endpoint; what needs another start starts beside what serves.", {
          200: "As it is wanted now.",
          409: "Its state does not allow it.",
        }),
        body: changesBody,
      },
    )
    .delete(
      "/api/endpoints/:id",
      ({ caller, params, set, view }) => {
        const { id } = mustChange(endpoints.find(params.id), caller);
        set.status = 202;
        return view(endpoints.setIntent(id, "delete"));
      },
      told("Delete an endpoint.", { 202: "It finishes its requests and goes." }),
    );

  for (const order of orders) {
    acting.post(
      `/api/endpoints/:id/${order}`,
      ({ caller, params, set, view }) => {
        const endpoint = mustChange(endpoints.find(params.id), caller);
        const { intent, wake } = ordered(endpoint, order);
        set.status = 202;
        return view(endpoints.setIntent(endpoint.id, intent, wake));
      },
      told(order_words[order], under_way),
    );
  }

  return new Elysia().use(seeing).use(acting).use(detailRoutes(parts));
}
