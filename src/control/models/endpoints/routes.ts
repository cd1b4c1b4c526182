/** `POST /api/provision` and everything under `/api/endpoints`. */
import { Elysia, t } from "elysia";
import type { Identity } from "../../../shared/access.ts";
import { inWordsOf } from "../../../shared/spelling.ts";
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

const closed = { additionalProperties: false };

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

  const seeing = new Elysia()
    .derive(({ request }) => {
      const caller = guard(request, "viewer");
      return { caller, view: viewer(request, caller) };
    })
    .get("/api/endpoints", ({ caller, view }) => {
      const seen = endpoints.list().filter((each) => permissionOn(each, caller) !== "none");
      return { data: seen.map(view) };
    })
    .get("/api/endpoints/:id", ({ caller, params, view }) =>
      view(mustSee(endpoints.find(params.id), caller)),
    );

  const acting = new Elysia()
    .derive(({ request }) => {
      const caller = guard(request, "member");
      return { caller, view: viewer(request, caller) };
    })
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
        body: provisionBody,
        query: t.Object({ dry_run: t.Optional(t.String()) }, closed),
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
      { body: changesBody },
    )
    .delete("/api/endpoints/:id", ({ caller, params, set, view }) => {
      const { id } = mustChange(endpoints.find(params.id), caller);
      set.status = 202;
      return view(endpoints.setIntent(id, "delete"));
    });

  for (const order of orders) {
    acting.post(`/api/endpoints/:id/${order}`, ({ caller, params, set, view }) => {
      const endpoint = mustChange(endpoints.find(params.id), caller);
      const { intent, wake } = ordered(endpoint, order);
      set.status = 202;
      return view(endpoints.setIntent(endpoint.id, intent, wake));
    });
  }

  return new Elysia().use(seeing).use(acting).use(detailRoutes(parts));
}
