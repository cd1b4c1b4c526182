/** A new endpoint: what to run, and, as it is typed, whether and where it would fit. */
import type { EndpointView } from "../../../src/http.ts";
import { useAction } from "../../action.ts";
import { dryRun, provision } from "../../dedicated-api.ts";
import { Dialog } from "../../dialog.tsx";
import { Forecast, useForecast } from "../../forecast.tsx";
import { Problem } from "../../notice.tsx";
import { bodyOf } from "./fields.ts";
import { ModelFields, ScaleFields } from "./form-fields.tsx";

interface ProvisionProps {
  close(): void;
  done(endpoint: EndpointView): void;
}

export function Provision({ close, done }: ProvisionProps) {
  const creating = useAction(async (form: FormData) => done(await provision(bodyOf(form))));
  const forecast = useForecast((form) => dryRun(bodyOf(form)));
  return (
    <Dialog title="New endpoint" onClose={close}>
      <form
        onInput={(event) => forecast.ask(new FormData(event.currentTarget), "model")}
        onSubmit={(event) => {
          event.preventDefault();
          creating.run(new FormData(event.currentTarget));
        }}
      >
        <ModelFields />
        <ScaleFields />
        <Forecast of={forecast.answer.value} />
        {creating.problem.value && <Problem problem={creating.problem.value} />}
        <div class="buttons">
          <button type="button" onClick={close}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={creating.busy.value}>
            {creating.busy.value ? "Looking at the model…" : "Create endpoint"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
