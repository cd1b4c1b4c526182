import type { Role } from "../../shared/access.ts";
import { forbidden } from "../../shared/failure.ts";
import type { RoutedEndpoint } from "./snapshot.ts";

/** Who asks. */
export interface Asker {
  user_id: string;
  role: Role;
  /** The only names that it may use: of aliases and models, names or ids of endpoints; null: all. */
  models: ReadonlySet<string> | null;
}

/** Whether ENDPOINT, or with null the shared pool, is there for ASKER: viewers have what is public. */
export function isVisible(endpoint: RoutedEndpoint | null, asker: Asker): boolean {
  if (!endpoint) return asker.role !== "viewer";
  if (endpoint.standing === "deleting") return false;
  if (endpoint.visibility === "public" || asker.role === "admin") return true;
  if (asker.role === "viewer") return false;
  return endpoint.visibility === "team" || endpoint.owner === asker.user_id;
}

/** The shared pool is no secret to viewers, so they are told why; an endpoint of others does not exist. */
export function refuseElasticTo(asker: Asker): void {
  if (asker.role !== "viewer") return;
  throw forbidden("Viewers may not use this model. Ask an admin for the role member.");
}
