/** A new endpoint: what to run, and, as it is typed, whether and where it would fit. */
import type { EndpointView } from "../../../src/app/control-api.ts";
import { dryRun, provision } from "../../dedicated-api.ts";
import { Forecast, useForecast } from "../../forecast.tsx";
import { Form } from "../../form.tsx";
import { bodyOf } from "./fields.ts";
import { ModelFields, ScaleFields } from "./form-fields.tsx";

interface ProvisionProps {
  close(): void;
  done(endpoint: EndpointView): void;
}

export function Provision({ close, done }: ProvisionProps) {
  const forecast = useForecast((form) => dryRun(bodyOf(form)));
  return (
    <Form
      title="New endpoint"
      read={bodyOf}
      create={async (body) => done(await provision(body))}
      close={close}
      verb="Create endpoint"
      busy="Looking at the model…"
      onInput={(form) => forecast.ask(form, "model")}
    >
      <ModelFields />
      <ScaleFields />
      <Forecast of={forecast.answer.value} />
    </Form>
  );
}
