/** Who may see and who may change an endpoint. Pure. */
import type { Identity } from "../../../shared/access.ts";
import { Failure, forbidden } from "../../../shared/failure.ts";
import type { Endpoint } from "./endpoint.ts";
import { noSuchEndpoint } from "./endpoints.ts";

export type Permission = "none" | "see" | "change";

type Caller = Pick<Identity, "user_id" | "role">;
type Owned = Pick<Endpoint, "user_id"> & { spec: Pick<Endpoint["spec"], "visibility"> };

/** Viewers see what is public; members what is public, the team's or their own; admins may do everything. */
export function permissionOn({ user_id, spec }: Owned, caller: Caller): Permission {
  if (caller.role === "admin") return "change";
  if (caller.role === "viewer") return spec.visibility === "public" ? "see" : "none";
  if (user_id === caller.user_id) return "change";
  return spec.visibility === "private" ? "none" : "see";
}

/** Throws 404, also for one that this caller may not know of. */
export function mustSee(endpoint: Endpoint | undefined, caller: Caller): Endpoint {
  if (!endpoint || permissionOn(endpoint, caller) === "none") throw noSuchEndpoint();
  return endpoint;
}

/** Throws 404 or 403. */
export function mustChange(endpoint: Endpoint | undefined, caller: Caller): Endpoint {
  const seen = mustSee(endpoint, caller);
  if (permissionOn(seen, caller) === "change") return seen;
  throw forbidden("Only its owner and admins may do this. Ask one of them.");
}

/** What is on its way out takes no further orders. Throws 409. */
export function refuseDeleting({ name, standing }: Endpoint): void {
  if (standing.intent !== "delete") return;
  throw new Failure(409, `${name} is being deleted. Provision a new endpoint.`, {
    code: "endpoint_deleting",
  });
}
