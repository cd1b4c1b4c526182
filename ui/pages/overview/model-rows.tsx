/** The catalog: what can be asked for, and whether it would be answered. */
import type { ModelView } from "../../../src/app/control-api.ts";
import { Download } from "../../download.tsx";
import { count } from "../../format.ts";
import { Empty } from "../../notice.tsx";
import { isAdmin } from "../../session.ts";
import { ModelProblem, ModelState } from "../models/state.tsx";

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
              {count(model.concurrency)} at once per replica
            </p>
            <Download progress={model.progress} />
            <ModelProblem model={model} />
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

function NoModels() {
  return (
    <Empty title="There is no shared model yet">
      {isAdmin.value ? (
        <p>
          Add one on the <a href="/models">Models page</a>, or in a shell with{" "}
          <code>hypervize models create NAME org/model</code>.
        </p>
      ) : (
        <p>Ask an admin to add one.</p>
      )}
    </Empty>
  );
}
