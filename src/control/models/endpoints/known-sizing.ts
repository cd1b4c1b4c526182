import type { Sizing } from "../../scheduler/sizing/plan.ts";
import type { Artifact } from "../resolution/artifact.ts";
import { decideContext, type Kind } from "../resolution/resolve-kinds.ts";
import type { Endpoint } from "./endpoint.ts";

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
