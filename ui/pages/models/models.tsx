/** The shared models: what can be asked for, how each is doing, and what an admin may do to it. */
import { useSignal } from "@preact/signals";
import type { ModelView } from "../../../src/app/control-api.ts";
import { useAction } from "../../action.ts";
import { Confirm } from "../../confirm.tsx";
import { Icon } from "../../icons.tsx";
import { changeModel, removeModel } from "../../model-api.ts";
import { Empty, Loaded, Problem } from "../../notice.tsx";
import { Heading, Panel } from "../../panel.tsx";
import { modelsQuery } from "../../queries.ts";
import { useRemote } from "../../remote.ts";
import { isAdmin } from "../../session.ts";
import { ModelAbout } from "./model-about.tsx";
import { ModelForm } from "./model-form.tsx";

export function ModelsPage() {
  const models = useRemote(modelsQuery);
  const editing = useSignal<ModelView | "new" | null>(null);
  const removing = useSignal<ModelView | null>(null);
  return (
    <>
      <Heading
        title="Shared models"
        about="Models everyone can use; they share the hosts' free memory."
      >
        {isAdmin.value && (
          <button type="button" class="primary" onClick={() => (editing.value = "new")}>
            <Icon name="plus" />
            Add model
          </button>
        )}
      </Heading>
      <Panel title="Models" flush untitled>
        <Loaded from={models} what="models">
          {({ data }) =>
            data.length === 0 ? (
              <NoModels />
            ) : (
              <ul class="rows">
                {data.map((model) => (
                  <li key={model.model_id} class="model">
                    <ModelAbout model={model} />
                    <Actions
                      model={model}
                      changed={models.refresh}
                      edit={() => (editing.value = model)}
                      remove={() => (removing.value = model)}
                    />
                  </li>
                ))}
              </ul>
            )
          }
        </Loaded>
      </Panel>
      {editing.value && (
        <ModelForm of={editing.value} close={() => (editing.value = null)} saved={models.refresh} />
      )}
      {removing.value && (
        <Confirm
          title={`Remove ${removing.value.id}?`}
          verb="Remove model"
          act={async () => {
            if (removing.value) await removeModel(removing.value.model_id);
            removing.value = null;
            models.refresh();
          }}
          close={() => (removing.value = null)}
        >
          Applications that ask for it get 404 from then on, and its replicas stop. Usage stays.
        </Confirm>
      )}
    </>
  );
}

function NoModels() {
  return (
    <Empty title="There is no shared model yet">
      <p>
        {isAdmin.value
          ? "Add a model from the hub, such as org/model:Q4_K_M, or a file on your hosts."
          : "Ask an admin to add one."}
      </p>
    </Empty>
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
