/** How a shared model is doing, in badges and in a sentence. */
import type { ModelView } from "../../../src/app/control-api.ts";
import { Badge } from "../../badge.tsx";

export function ModelState({ model }: { model: ModelView }) {
  const { status, phase, ready_replicas, starting_replicas } = model;
  const starting = phase === null ? "" : ` · ${phase}`;
  switch (status) {
    case "disabled":
      return <Badge tone="quiet">Disabled</Badge>;
    case "stopped":
      return <Badge tone="quiet">Not running</Badge>;
    case "placing":
      return model.cause === "" ? (
        <Badge tone="warn">Placing</Badge>
      ) : (
        <Badge tone="bad">No place</Badge>
      );
    case "failed":
      return <Badge tone="bad">Failed</Badge>;
    case "starting":
      return <Badge tone="warn">Starting{starting}</Badge>;
    case "up":
      return (
        <>
          <Badge tone="good">{ready_replicas} ready</Badge>
          {starting_replicas > 0 && (
            <Badge tone="warn">
              {starting_replicas} starting{starting}
            </Badge>
          )}
        </>
      );
  }
}

/** What is wrong is red; what only takes its time is not. */
export function ModelProblem({ model: { problem, cause } }: { model: ModelView }) {
  if (problem === null) return null;
  return <p class={cause === "" ? "sentence" : "sentence bad"}>{problem}</p>;
}
