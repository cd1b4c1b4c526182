/** How large the endpoints are on the fleet as it is, computed once per artifact and fleet. */

import type { Artifact } from "../artifacts/artifact.ts";
import { decideContext, type Kind } from "../artifacts/resolve-kinds.ts";
import type { Sizing } from "../sizing/size.ts";
import type { Endpoint } from "./endpoints.ts";

type SizingOf = (endpoint: Pick<Endpoint, "spec" | "artifact">) => Sizing | null;

/** The returned function takes the fleet of one answer; what it returns is asked for each endpoint in it. */
export function knownSizings(): (fleet: readonly Kind[]) => SizingOf {
  const known = new WeakMap<Artifact, { fleet: string; sizing: Sizing | null }>();
  return (kinds) => {
    const fleet = JSON.stringify(kinds);
    return ({ spec, artifact }) => {
      const before = known.get(artifact);
      if (before?.fleet === fleet) return before.sizing;
      const asked = { ...spec, context: artifact.context_tokens };
      const { sizing } = decideContext(asked, artifact.runtime, artifact.model, kinds);
      known.set(artifact, { fleet, sizing });
      return sizing;
    };
  };
}
