/** What models cost, per million tokens. */
import type { Price } from "../../../src/app/control-api.ts";
import { useAction } from "../../action.ts";
import { Form } from "../../form.tsx";
import { removePrice, setPrice } from "../../gateway-api.ts";
import { Problem } from "../../notice.tsx";
import { pricesQuery } from "../../queries.ts";
import { useRemote } from "../../remote.ts";
import { type ResourceForm, ResourcePanel } from "../../resource-panel.tsx";
import { type Column, Table } from "../../table.tsx";

const columns: readonly Column<Price>[] = [
  { name: "Model", cell: ({ model }) => <strong>{model}</strong> },
  { name: "Prompt", number: true, cell: (price) => price.input_per_million },
  {
    name: "Cached prompt",
    number: true,
    cell: (price) => price.cached_input_per_million ?? price.input_per_million,
  },
  { name: "Completion", number: true, cell: (price) => price.output_per_million },
];

export function PricePanel() {
  const prices = useRemote(pricesQuery);
  const removing = useAction(async (model: string) => {
    await removePrice(model).finally(prices.refresh);
  });
  return (
    <ResourcePanel
      title="Prices"
      what="prices"
      from={prices}
      add="Set a price"
      empty={[
        "Everything is free",
        "Set what a model costs per million tokens, in your currency. Budgets of keys, users and teams count from then on.",
      ]}
      notice={removing.problem.value && <Problem problem={removing.problem.value} />}
      form={PriceForm}
    >
      {(all, open) => (
        <Table
          rows={all}
          id={({ model }) => model}
          columns={columns}
          actions={(price) => [
            ["Change", `Change the price of ${price.model}`, () => open.change(price)],
            ["Remove", `Make ${price.model} free`, () => removing.run(price.model)],
          ]}
        />
      )}
    </ResourcePanel>
  );
}

function read(form: FormData): Price {
  const cached = String(form.get("cached")).trim();
  return {
    model: String(form.get("model") ?? ""),
    input_per_million: Number(form.get("input")),
    cached_input_per_million: cached === "" ? null : Number(cached),
    output_per_million: Number(form.get("output")),
  };
}

function PriceForm({ of, close, saved }: ResourceForm<Price>) {
  const known = of === "new" ? null : of;
  // A price is set as a whole; its model is its name.
  const sending = known
    ? {
        change: (changes: Partial<Price>) => setPrice({ ...known, ...changes, model: known.model }),
      }
    : { create: setPrice };
  return (
    <Form
      title={known ? `Price of ${known.model}` : "Set a price"}
      {...sending}
      read={read}
      saved={saved}
      close={close}
      verb="Save price"
    >
      {!known && (
        <label class="field">
          <span>Model, or the id of an endpoint</span>
          <input name="model" required autocomplete="off" />
        </label>
      )}
      <div class="fields-beside">
        <Money name="input" label="A million prompt tokens" value={known?.input_per_million ?? 0} />
        <Money
          name="output"
          label="A million completion tokens"
          value={known?.output_per_million ?? 0}
        />
      </div>
      <Money
        name="cached"
        label="A million prompt tokens from the cache (optional)"
        value={known?.cached_input_per_million ?? null}
        optional
      />
    </Form>
  );
}

interface MoneyProps {
  name: string;
  label: string;
  value: number | null;
  optional?: boolean;
}

function Money({ name, label, value, optional = false }: MoneyProps) {
  return (
    <label class="field">
      <span>{label}</span>
      <input
        name={name}
        type="number"
        min={0}
        step="any"
        required={!optional}
        placeholder={optional ? "as other prompt tokens" : ""}
        defaultValue={value === null ? "" : String(value)}
      />
    </label>
  );
}
