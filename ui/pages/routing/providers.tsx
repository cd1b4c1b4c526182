/** OpenAI-compatible services elsewhere, which take requests for shared models. */
import { useSignal } from "@preact/signals";
import type { ProviderView } from "../../../src/app/control-api.ts";
import { useAction } from "../../action.ts";
import { Badge } from "../../badge.tsx";
import { Confirm } from "../../confirm.tsx";
import { removeProvider, testProvider } from "../../gateway-api.ts";
import { Empty, Loaded, Problem } from "../../notice.tsx";
import { Panel } from "../../panel.tsx";
import { providersQuery } from "../../queries.ts";
import { useRemote } from "../../remote.ts";
import { ProviderForm } from "./provider-form.tsx";

export function ProviderPanel() {
  const providers = useRemote(providersQuery);
  const editing = useSignal<ProviderView | "new" | null>(null);
  const removing = useSignal<ProviderView | null>(null);
  const said = useSignal("");
  const testing = useAction(async (one: ProviderView) => {
    said.value = `Asking ${one.name}…`;
    const { message } = await testProvider(one.id);
    said.value = message;
  });
  return (
    <Panel
      title="Providers"
      flush
      aside={
        <button type="button" class="small" onClick={() => (editing.value = "new")}>
          Add provider
        </button>
      }
    >
      <p class="result" role="status">
        {said}
      </p>
      {testing.problem.value && <Problem problem={testing.problem.value} />}
      <Loaded from={providers} what="providers">
        {({ data }) =>
          data.length === 0 ? (
            <Empty title="No provider yet">
              <p>
                A provider is an OpenAI-compatible service elsewhere. Shared models can burst out to
                it when your own replicas are full, if you allow it.
              </p>
            </Empty>
          ) : (
            <ProviderTable
              providers={data}
              test={testing.run}
              change={(one) => (editing.value = one)}
              remove={(one) => (removing.value = one)}
            />
          )
        }
      </Loaded>
      {editing.value && (
        <ProviderForm
          of={editing.value}
          close={() => (editing.value = null)}
          saved={providers.refresh}
        />
      )}
      {removing.value && (
        <Confirm
          title={`Remove the provider ${removing.value.name}?`}
          verb="Remove provider"
          act={async () => {
            if (removing.value) await removeProvider(removing.value.id);
            removing.value = null;
            providers.refresh();
          }}
          close={() => (removing.value = null)}
        >
          Its key is deleted here. Requests go to your own replicas alone.
        </Confirm>
      )}
    </Panel>
  );
}

interface ProviderTableProps {
  providers: readonly ProviderView[];
  test(one: ProviderView): void;
  change(one: ProviderView): void;
  remove(one: ProviderView): void;
}

function ProviderTable({ providers, ...does }: ProviderTableProps) {
  return (
    <table>
      <thead>
        <tr>
          <th>Name</th>
          <th>Address</th>
          <th>Models</th>
          <th>State</th>
          <th>
            <span class="unseen">Action</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {providers.map((one) => (
          <tr key={one.id}>
            <td data-label="Name">
              <strong>{one.name}</strong>
            </td>
            <td data-label="Address" class="mono">
              {one.base_url}
            </td>
            <td data-label="Models">{one.models.map(({ name }) => name).join(", ") || "–"}</td>
            <td data-label="State">
              <Badge tone={one.enabled ? "good" : "quiet"}>{one.enabled ? "on" : "off"}</Badge>
            </td>
            <td class="row-action">
              <button
                type="button"
                class="small"
                aria-label={`Test ${one.name}`}
                onClick={() => does.test(one)}
              >
                Test
              </button>{" "}
              <button
                type="button"
                class="small"
                aria-label={`Change ${one.name}`}
                onClick={() => does.change(one)}
              >
                Change
              </button>{" "}
              <button
                type="button"
                class="small"
                aria-label={`Remove ${one.name}`}
                onClick={() => does.remove(one)}
              >
                Remove
              </button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
