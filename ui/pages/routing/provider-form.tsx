import type { ProviderView } from "../../../src/http.ts";
import { useAction } from "../../action.ts";
import { Dialog } from "../../dialog.tsx";
import { changeProvider, createProvider } from "../../gateway-api.ts";
import { Problem } from "../../notice.tsx";
import { providedFrom, providedText } from "./lines.ts";

interface ProviderFormProps {
  of: ProviderView | "new";
  close(): void;
  saved(): void;
}

export function ProviderForm({ of, close, saved }: ProviderFormProps) {
  const known = of === "new" ? null : of;
  const saving = useAction(async (form: FormData) => {
    const api_key = String(form.get("api_key"));
    const provider = {
      name: String(form.get("name")),
      base_url: String(form.get("base_url")),
      enabled: form.get("enabled") !== null,
      slots: Number(form.get("slots")),
      models: providedFrom(String(form.get("models"))),
      ...(api_key !== "" && { api_key }),
    };
    await (known ? changeProvider(known.id, provider) : createProvider(provider));
    saved();
    close();
  });
  return (
    <Dialog title={known ? `Change ${known.name}` : "Add a provider"} onClose={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          saving.run(new FormData(event.currentTarget));
        }}
      >
        <ProviderFields of={known} />
        {saving.problem.value && <Problem problem={saving.problem.value} />}
        <div class="buttons">
          <button type="button" onClick={close}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={saving.busy.value}>
            Save provider
          </button>
        </div>
      </form>
    </Dialog>
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
        <label class="field">
          <span>API key</span>
          <input
            name="api_key"
            type="password"
            autocomplete="off"
            placeholder={of?.has_key ? "kept; type to replace it" : ""}
          />
        </label>
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
          Models, one a line: a name, or name = their name; burst behind it lets a model of the pool
          burst out
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
