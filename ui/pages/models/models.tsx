/** The shared models: what can be asked for, how each is doing, and what an admin may do to it. */
import type { ModelView } from "../../../src/app/control-api.ts";
import { useAction } from "../../action.ts";
import { changeModel, removeModel } from "../../model-api.ts";
import { Problem } from "../../notice.tsx";
import { modelsQuery } from "../../queries.ts";
import { useRemote } from "../../remote.ts";
import { ResourcePanel } from "../../resource-panel.tsx";
import { isAdmin } from "../../session.ts";
import { ModelAbout } from "./model-about.tsx";
import { ModelForm } from "./model-form.tsx";

export function ModelsPage() {
  const models = useRemote(modelsQuery);
  return (
    <ResourcePanel
      title="Models"
      page={{
        title: "Shared models",
        about: "Models everyone can use; they share the hosts' free memory.",
      }}
      what="models"
      from={models}
      add={isAdmin.value ? "Add model" : undefined}
      empty={[
        "There is no shared model yet",
        isAdmin.value
          ? "Add a model from the hub, such as org/model:Q4_K_M, or a file on your hosts."
          : "Ask an admin to add one.",
      ]}
      form={ModelForm}
      removal={{
        title: ({ id }) => `Remove ${id}?`,
        verb: "Remove model",
        act: ({ model_id }) => removeModel(model_id),
        about: () =>
          "Applications that ask for it get 404 from then on, and its replicas stop. Usage stays.",
      }}
    >
      {(all, open) => (
        <ul class="rows">
          {all.map((model) => (
            <li key={model.model_id} class="model">
              <ModelAbout model={model} />
              <Actions
                model={model}
                changed={models.refresh}
                edit={() => open.change(model)}
                remove={() => open.remove(model)}
              />
            </li>
          ))}
        </ul>
      )}
    </ResourcePanel>
  );
}

interface ActionsProps {
  model: ModelView;
  changed(): void;
  edit(): void;
  remove(): void;
}

function Actions({ model, changed, edit, remove }: ActionsProps) {
  const enabling = useAction(async (enabled: boolean) => {
    await changeModel(model.model_id, { enabled });
    changed();
  });
  const named = <span class="unseen"> {model.id}</span>;
  const enable = (enabled: boolean, verb: string) => (
    <button
      type="button"
      class="small"
      disabled={enabling.busy.value}
      onClick={() => enabling.run(enabled)}
    >
      {verb}
      {named}
    </button>
  );
  return (
    <div class="model-actions">
      {model.ready_replicas > 0 && (
        <a class="button small" href={`/playground?model=${encodeURIComponent(model.id)}`}>
          Try{named}
        </a>
      )}
      {isAdmin.value && (
        <>
          {model.status === "failed" && enable(true, "Try again")}
          {enable(!model.enabled, model.enabled ? "Disable" : "Enable")}
          <button type="button" class="small" onClick={edit}>
            Change{named}
          </button>
          <button type="button" class="small" onClick={remove}>
            Remove{named}
          </button>
        </>
      )}
      {enabling.problem.value && <Problem problem={enabling.problem.value} />}
    </div>
  );
}
