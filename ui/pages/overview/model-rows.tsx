/** The catalog: what can be asked for, and whether it would be answered. */
import type { ModelView } from "../../../src/http.ts";
import { Badge } from "../../badge.tsx";
import { count, plural } from "../../format.ts";
import { Empty } from "../../notice.tsx";
import { isAdmin } from "../../session.ts";

export function ModelRows({ models }: { models: readonly ModelView[] }) {
  if (models.length === 0) return <NoModels />;
  return (
    <ul class="rows">
      {models.map((model) => (
        <li key={model.model_id} class="model">
          <div>
            <p>
              <strong>{model.id}</strong> <ModelState model={model} />
            </p>
            <p class="detail">
              {model.runtime} · {count(model.context_tokens)} tokens of context ·{" "}
              {plural(model.slots, "slot")} per replica
            </p>
            {model.problem && <p class="sentence bad">{model.problem}</p>}
          </div>
          {model.enabled && model.ready_replicas > 0 && (
            <a class="button small" href={`/playground?model=${encodeURIComponent(model.id)}`}>
              Try<span class="unseen"> {model.id}</span>
            </a>
          )}
        </li>
      ))}
    </ul>
  );
}

function ModelState({ model }: { model: ModelView }) {
  if (!model.enabled) return <Badge tone="quiet">Disabled</Badge>;
  if (model.ready_replicas > 0) {
    return (
      <>
        <Badge tone="good">{model.ready_replicas} ready</Badge>
        {model.starting_replicas > 0 && (
          <Badge tone="warn">{model.starting_replicas} starting</Badge>
        )}
      </>
    );
  }
  if (model.starting_replicas > 0) return <Badge tone="warn">Starting</Badge>;
  return model.problem ? (
    <Badge tone="bad">Problem</Badge>
  ) : (
    <Badge tone="quiet">Not running</Badge>
  );
}

function NoModels() {
  return (
    <Empty title="No model is in the catalog yet">
      {isAdmin.value ? (
        <>
          <p>Add one in a shell on the appliance:</p>
          <pre>hypervize models add --name my-model --source file:///models/my-model.gguf</pre>
        </>
      ) : (
        <p>Ask an admin to add one.</p>
      )}
    </Empty>
  );
}
