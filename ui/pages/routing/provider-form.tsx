import type { ProviderBody, ProviderChanges, ProviderView } from "../../../src/app/control-api.ts";
import { Form } from "../../form.tsx";
import { changeProvider, createProvider } from "../../gateway-api.ts";
import type { ResourceForm } from "../../resource-panel.tsx";
import { Secret, secretIn } from "../../secret.tsx";
import { providedFrom, providedText } from "./lines.ts";

function read(form: FormData): ProviderBody {
  const api_key = secretIn(form, "api_key");
  return {
    name: String(form.get("name")),
    base_url: String(form.get("base_url")),
    enabled: form.get("enabled") !== null,
    slots: Number(form.get("slots")),
    models: providedFrom(String(form.get("models"))),
    ...(api_key !== undefined && { api_key }),
  };
}

export function ProviderForm({ of, close, saved }: ResourceForm<ProviderView>) {
  const known = of === "new" ? null : of;
  const sending = known
    ? { change: (changes: ProviderChanges) => changeProvider(known.id, changes) }
    : { create: createProvider };
  return (
    <Form
      title={known ? `Change ${known.name}` : "Add a provider"}
      {...sending}
      read={read}
      saved={saved}
      close={close}
      verb="Save provider"
    >
      <ProviderFields of={known} />
    </Form>
  );
}

function ProviderFields({ of }: { of: ProviderView | null }) {
  return (
    <>
      <label class="field">
        <span>Name</span>
        <input name="name" required autocomplete="off" defaultValue={of?.name ?? ""} />
      </label>
      <label class="field">
        <span>Address, with the version in it</span>
        <input
          name="base_url"
          type="url"
          required
          autocomplete="off"
          placeholder="https://api.example.org/v1"
          defaultValue={of?.base_url ?? ""}
        />
      </label>
      <div class="fields-beside">
        <Secret name="api_key" label="API key" isKept={of?.has_key ?? false} />
        <label class="field">
          <span>Requests at once</span>
          <input
            name="slots"
            type="number"
            min={1}
            required
            defaultValue={String(of?.slots ?? 16)}
          />
        </label>
      </div>
      <label class="field">
        <span>
          Models, one per line: a name, or name = their name. Add burst to let a shared model burst
          out to it
        </span>
        <textarea
          name="models"
          rows={3}
          placeholder={"my-model = their-model burst"}
          defaultValue={of ? providedText(of.models) : ""}
        />
      </label>
      <label class="check">
        <input name="enabled" type="checkbox" defaultChecked={of?.enabled ?? true} />
        In use
      </label>
    </>
  );
}
