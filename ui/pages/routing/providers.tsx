/** OpenAI-compatible services elsewhere, which take requests for shared models. */
import { useSignal } from "@preact/signals";
import type { ProviderView } from "../../../src/app/control-api.ts";
import { useAction } from "../../action.ts";
import { Badge } from "../../badge.tsx";
import { removeProvider, testProvider } from "../../gateway-api.ts";
import { Problem } from "../../notice.tsx";
import { providersQuery } from "../../queries.ts";
import { useRemote } from "../../remote.ts";
import { ResourcePanel } from "../../resource-panel.tsx";
import { type Column, Table } from "../../table.tsx";
import { ProviderForm } from "./provider-form.tsx";

const columns: readonly Column<ProviderView>[] = [
  { name: "Name", cell: ({ name }) => <strong>{name}</strong> },
  { name: "Address", class: "mono", cell: ({ base_url }) => base_url },
  { name: "Models", cell: ({ models }) => models.map(({ name }) => name).join(", ") || "–" },
  {
    name: "State",
    cell: ({ enabled }) => (
      <Badge tone={enabled ? "good" : "quiet"}>{enabled ? "on" : "off"}</Badge>
    ),
  },
];

export function ProviderPanel() {
  const said = useSignal("");
  const testing = useAction(async (one: ProviderView) => {
    said.value = `Asking ${one.name}…`;
    const { message } = await testProvider(one.id);
    said.value = message;
  });
  return (
    <ResourcePanel
      title="Providers"
      what="providers"
      from={useRemote(providersQuery)}
      add="Add provider"
      empty={[
        "No provider yet",
        "A provider is an OpenAI-compatible service elsewhere. Shared models can burst out to it when your own replicas are full, if you allow it.",
      ]}
      notice={
        <>
          <p class="result" role="status">
            {said}
          </p>
          {testing.problem.value && <Problem problem={testing.problem.value} />}
        </>
      }
      form={ProviderForm}
      removal={{
        title: ({ name }) => `Remove the provider ${name}?`,
        verb: "Remove provider",
        act: ({ id }) => removeProvider(id),
        about: () => "Its key is deleted here. Requests go to your own replicas alone.",
      }}
    >
      {(providers, open) => (
        <Table
          rows={providers}
          id={({ id }) => id}
          columns={columns}
          actions={(one) => [
            ["Test", `Test ${one.name}`, () => testing.run(one)],
            ["Change", `Change ${one.name}`, () => open.change(one)],
            ["Remove", `Remove ${one.name}`, () => open.remove(one)],
          ]}
        />
      )}
    </ResourcePanel>
  );
}
