/** From a checked body to an endpoint: resolve what it names, see whether it can fit, write it down. */
import type { Identity } from "../../../shared/access.ts";
import { badRequest, Failure } from "../../../shared/failure.ts";
import { randomBase62 } from "../../../shared/identifier.ts";
import { tokenIn } from "../resolution/asked-field.ts";
import {
  type DryRunView,
  type ForecastParts,
  refuseNever,
  viewOf,
} from "../resolution/forecast.ts";
import type { Resolved } from "../resolution/resolve.ts";
import { changed, mayHelp, runsOtherwise } from "./change.ts";
import type { Endpoint } from "./endpoint.ts";
import { checkedName, defaultName } from "./endpoint-name.ts";
import type { Endpoints } from "./endpoints.ts";
import { mustChange, refuseDeleting } from "./permission.ts";
import { type Changes, type Provision, specOf } from "./provision.ts";
import { fingerprint, keyReused, SingleFlight, sameBody } from "./single-flight.ts";
import type { EndpointSpec } from "./spec.ts";

export interface ProvisionerParts extends ForecastParts<EndpointSpec> {
  endpoints: Endpoints;
  /** For endpoints that do not say. */
  defaultIdleTimeout(): number;
}

export interface Provisioner {
  /** KEY: of an `Idempotency-Key`, or null. */
  provision(caller: Identity, body: Provision, key: string | null): Promise<Endpoint>;
  dryRun(body: Provision): Promise<DryRunView>;
  change(caller: Identity, idOrName: string, body: Changes): Promise<Endpoint>;
}

export function createProvisioner(parts: ProvisionerParts): Provisioner {
  const { endpoints } = parts;
  const flights = new SingleFlight<Endpoint>();

  return {
    async provision(caller, body, key) {
      const { user_id } = caller;
      if (key === null) return create(parts, user_id, body);
      const idempotency = { user_id, key, request_sha256: fingerprint(body) };
      const known = endpoints.provisioned(user_id, key);
      if (!known) {
        return flights.run(idempotency, () => create(parts, user_id, body, idempotency));
      }
      sameBody(known.request_sha256, idempotency.request_sha256);
      const endpoint = endpoints.find(known.endpoint_id);
      if (endpoint) return endpoint;
      throw keyReused("The endpoint of this Idempotency-Key is deleted. Send a new key.");
    },

    async dryRun(body) {
      const { spec, hf_token } = read(parts, body);
      const answer = await lookedUp(parts, spec, hf_token);
      return viewOf(parts.dryRun(spec, answer.artifact), answer);
    },

    change: (caller, idOrName, body) => change(parts, caller, idOrName, body),
  };
}

async function create(
  parts: ProvisionerParts,
  user_id: string,
  body: Provision,
  idempotency?: { user_id: string; key: string; request_sha256: string },
): Promise<Endpoint> {
  const { endpoints } = parts;
  const { name, spec, hf_token } = read(parts, body);
  const { artifact } = await resolved(parts, spec, hf_token);
  return endpoints.create({
    user_id,
    spec,
    artifact,
    hf_token,
    name: name ?? freeName(endpoints, spec.model),
    ...(idempotency && { idempotency }),
  });
}

async function change(
  parts: ProvisionerParts,
  caller: Identity,
  idOrName: string,
  body: Changes,
): Promise<Endpoint> {
  const { endpoints } = parts;
  const before = changeable(endpoints, caller, idOrName);
  const { id } = before;
  const name = body.name === undefined ? before.name : checkedName(body.name);
  endpoints.refuseTaken(name, id);
  const asked = changed(before.spec, body);
  const hf_token = body.hf_token === undefined ? undefined : tokenIn(body);
  const otherToken = hf_token !== undefined && hf_token !== endpoints.tokenOf(id);
  if (!otherToken && !runsOtherwise(before.spec, asked)) {
    const retry = isRetried(before) && mayHelp(before.spec, asked);
    return endpoints.update(id, { name, spec: asked, retry });
  }
  const { artifact } = await resolved(parts, asked, hf_token ?? endpoints.tokenOf(id));
  // Somebody else may have come first while the hub was asked.
  const now = changeable(endpoints, caller, id);
  if (now.artifact !== before.artifact) throw changedMeanwhile(now);
  return endpoints.update(id, {
    name,
    spec: changed(now.spec, body),
    artifact,
    retry: isRetried(now),
    ...(otherToken && { hf_token }),
  });
}

function changeable(endpoints: Endpoints, caller: Identity, idOrName: string): Endpoint {
  const endpoint = mustChange(endpoints.find(idOrName), caller);
  refuseDeleting(endpoint);
  return endpoint;
}

const isRetried = ({ standing: { status, intent } }: Endpoint): boolean =>
  status === "failed" && intent !== "pause";

const changedMeanwhile = ({ name }: Endpoint): Failure =>
  new Failure(409, `Somebody else has changed ${name} in the meantime. Look at it and try again.`, {
    code: "endpoint_changed",
  });

function read({ endpoints, defaultIdleTimeout }: ProvisionerParts, body: Provision) {
  const name = body.name === undefined ? null : checkedName(body.name);
  if (name !== null) endpoints.refuseTaken(name);
  return { name, spec: specOf(body, defaultIdleTimeout()), hf_token: tokenIn(body) };
}

/** Throws a 400 too for what no host of this fleet could take even when it is empty. */
async function resolved(
  parts: ProvisionerParts,
  spec: EndpointSpec,
  hf_token: string,
): Promise<Resolved> {
  const answer = await lookedUp(parts, spec, hf_token);
  refuseNever(parts.dryRun(spec, answer.artifact));
  return answer;
}

async function lookedUp(
  { resolve, kinds }: ProvisionerParts,
  spec: EndpointSpec,
  hf_token: string,
): Promise<Resolved> {
  const answer = await resolve(spec, hf_token, kinds());
  // Its own sleep unloads the weights, and then a stopped process costs less.
  if (spec.l1_timeout_s !== 0 && answer.artifact.runtime === "llama-server") {
    throw badRequest(
      "llama-server cannot sleep in place. Set `l1_timeout_s` to 0, or choose vllm or sglang.",
      "l1_timeout_s",
    );
  }
  return answer;
}

function freeName(endpoints: Endpoints, model: string): string {
  const taken = new Set(endpoints.list().map(({ name }) => name));
  for (;;) {
    const name = defaultName(model, randomBase62(5).toLowerCase());
    if (!taken.has(name)) return name;
  }
}
