/** Where something that is asked for would go on the fleet as it is: for endpoints and for the shared models. */

import type { EndpointSpec } from "../control/models/endpoints/spec.ts";
import type { Artifact } from "../control/models/resolution/artifact.ts";
import { kindsIn } from "../control/models/resolution/resolve-kinds.ts";
import { placementHosts } from "../control/scheduler/lifecycle/world.ts";
import { dryRun } from "../control/scheduler/placement/dry-run.ts";
import { demandOf, evictableIn } from "../control/scheduler/placement/endpoint-demand.ts";
import { indexFleet } from "../control/scheduler/placement/fleet-index.ts";
import { clock } from "./clock.ts";
import type { Serving } from "./serving.ts";
import { fleetHosts } from "./world.ts";

/** What placement looks at beside the artifact. */
type Placed = Parameters<typeof demandOf>[0]["spec"];

export function fittingOn({ hosts, lifecycle, routing, ledger, resolve }: Serving) {
  const statuses = () => lifecycle.statuses();
  const fleet = () => placementHosts(fleetHosts(hosts), statuses());
  const tried = (spec: Placed, artifact: Artifact, evictable: ReturnType<typeof evictableIn>) =>
    dryRun(
      demandOf({ spec, artifact }, new Set(), ledger.find),
      indexFleet(fleet()),
      evictable,
      clock.now(),
    );
  const kinds = () => kindsIn(fleet());
  return {
    /** Idle replicas of shared models make room. */
    dedicated: {
      resolve,
      kinds,
      dryRun: (spec: EndpointSpec, artifact: Artifact) =>
        tried(
          spec,
          artifact,
          evictableIn({ demandOf: routing.demand, inflightOf: routing.inflight }, statuses()),
        ),
    },
    /** Nothing stops for a shared model. */
    elastic: {
      resolve,
      kinds,
      dryRun: (asked: Pick<EndpointSpec, "gpu" | "concurrency">, artifact: Artifact) =>
        tried({ ...asked, labels: {}, task: null, args: [], env: {} }, artifact, []),
    },
  };
}
