/** What models cost, per million tokens. */
import { useSignal } from "@preact/signals";
import type { Price } from "../../../src/app/control-api.ts";
import { useAction } from "../../action.ts";
import { Dialog } from "../../dialog.tsx";
import { Form } from "../../form.tsx";
import { removePrice, setPrice } from "../../gateway-api.ts";
import { Empty, Loaded, Problem } from "../../notice.tsx";
import { Panel } from "../../panel.tsx";
import { pricesQuery } from "../../queries.ts";
import { useRemote } from "../../remote.ts";

const none: Price = {
  model: "",
  input_per_million: 0,
  cached_input_per_million: null,
  output_per_million: 0,
};

export function PricePanel() {
  const prices = useRemote(pricesQuery);
  const editing = useSignal<Price | null>(null);
  const removing = useAction(async (model: string) => {
    await removePrice(model).finally(prices.refresh);
  });
  return (
    <Panel
      title="Prices"
      flush
      aside={
        <button type="button" class="small" onClick={() => (editing.value = none)}>
          Set a price
        </button>
      }
    >
      {removing.problem.value && <Problem problem={removing.problem.value} />}
      <Loaded from={prices} what="prices">
        {({ data }) =>
          data.length === 0 ? (
            <Empty title="Everything is free">
              <p>
                Set what a model costs per million tokens, in your currency. Budgets of keys, users
                and teams count from then on.
              </p>
            </Empty>
          ) : (
            <PriceTable
              prices={data}
              change={(price) => (editing.value = price)}
              remove={removing.run}
            />
          )
        }
      </Loaded>
      {editing.value && (
        <PriceForm of={editing.value} close={() => (editing.value = null)} saved={prices.refresh} />
      )}
    </Panel>
  );
}

interface PriceTableProps {
  prices: readonly Price[];
  change(price: Price): void;
  remove(model: string): void;
}

function PriceTable({ prices, change, remove }: PriceTableProps) {
  return (
    <table>
      <thead>
        <tr>
          <th>Model</th>
          <th class="number">Prompt</th>
          <th class="number">Cached prompt</th>
          <th class="number">Completion</th>
          <th>
            <span class="unseen">Action</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {prices.map((price) => (
          <tr key={price.model}>
            <td data-label="Model">
              <strong>{price.model}</strong>
            </td>
            <td data-label="Prompt" class="number">
              {price.input_per_million}
            </td>
            <td data-label="Cached prompt" class="number">
              {price.cached_input_per_million ?? price.input_per_million}
            </td>
            <td data-label="Completion" class="number">
              {price.output_per_million}
            </td>
            <td class="row-action">
              <button
                type="button"
                class="small"
                aria-label={`Change the price of ${price.model}`}
                onClick={() => change(price)}
              >
                Change
              </button>{" "}
              <button
                type="button"
                class="small"
                aria-label={`Make ${price.model} free`}
                onClick={() => remove(price.model)}
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

interface PriceFormProps {
  of: Price;
  close(): void;
  saved(): void;
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

function PriceForm({ of, close, saved }: PriceFormProps) {
  const known = of.model !== "";
  // A price is set as a whole; its model is its name.
  const sending = known
    ? { change: (changes: Partial<Price>) => setPrice({ ...of, ...changes, model: of.model }) }
    : { create: setPrice };
  return (
    <Dialog title={of.model ? `Price of ${of.model}` : "Set a price"} onClose={close}>
      <Form {...sending} read={read} saved={saved} close={close} verb="Save price">
        {of.model === "" && (
          <label class="field">
            <span>Model, or the id of an endpoint</span>
            <input name="model" required autocomplete="off" />
          </label>
        )}
        <div class="fields-beside">
          <Money name="input" label="A million prompt tokens" value={of.input_per_million} />
          <Money name="output" label="A million completion tokens" value={of.output_per_million} />
        </div>
        <Money
          name="cached"
          label="A million prompt tokens from the cache (optional)"
          value={of.cached_input_per_million}
          optional
        />
      </Form>
    </Dialog>
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
