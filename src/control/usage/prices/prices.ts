import { eq } from "drizzle-orm";
import { badRequest, notFound } from "../../../shared/failure.ts";
import type { Database } from "../../storage/database.ts";
import { prices } from "./table.ts";

export const largest_price = 1e9;

export type Price = Readonly<typeof prices.$inferSelect>;

export type PriceInput = Omit<Price, "cached_input_per_million"> & {
  cached_input_per_million?: number | null | undefined;
};

interface Counts {
  prompt_tokens: number;
  completion_tokens: number;
  cached_tokens: number;
}

/** What models cost. All are in memory; every change is committed before memory changes. */
export class Prices {
  readonly #database: Database;
  readonly #known: Map<string, Price>;

  constructor(database: Database) {
    this.#database = database;
    const rows = database.select().from(prices).orderBy(prices.model).all();
    this.#known = new Map(rows.map((row) => [row.model, row]));
  }

  list(): Price[] {
    return [...this.#known.values()].sort((a, b) => (a.model < b.model ? -1 : 1));
  }

  /** 0 for what has no price. An endpoint's price goes by its id, else by its name. */
  costOf({ id, name }: { id: string; name: string }, counts: Counts): number {
    if (this.#known.size === 0) return 0;
    const price = this.#known.get(id) ?? this.#known.get(name);
    if (!price) return 0;
    const { prompt_tokens, completion_tokens, cached_tokens } = counts;
    const { input_per_million, output_per_million } = price;
    const cached_per_million = price.cached_input_per_million ?? input_per_million;
    const cached = Math.min(cached_tokens, prompt_tokens);
    return (
      ((prompt_tokens - cached) * input_per_million +
        cached * cached_per_million +
        completion_tokens * output_per_million) /
      1_000_000
    );
  }

  set(input: PriceInput): Price {
    const price = checked(input);
    this.#database
      .insert(prices)
      .values(price)
      .onConflictDoUpdate({ target: prices.model, set: price })
      .run();
    this.#known.set(price.model, price);
    return price;
  }

  remove(model: string): void {
    if (!this.#known.has(model)) {
      throw notFound("This model has no price. GET /api/prices lists those that have.");
    }
    this.#database.delete(prices).where(eq(prices.model, model)).run();
    this.#known.delete(model);
  }
}

function checked(input: PriceInput): Price {
  const model = input.model.trim();
  if (model === "" || model.length > 256) {
    throw badRequest("`model` is the name of a model or the id of an endpoint.", "model");
  }
  const cached_input_per_million = input.cached_input_per_million ?? null;
  const price = { ...input, model, cached_input_per_million };
  for (const field of ["input_per_million", "output_per_million"] as const) {
    checkAmount(field, price[field]);
  }
  if (cached_input_per_million !== null) {
    checkAmount("cached_input_per_million", cached_input_per_million);
  }
  return price;
}

function checkAmount(field: string, value: number): void {
  if (Number.isFinite(value) && value >= 0 && value <= largest_price) return;
  throw badRequest(`\`${field}\` is an amount from 0 on, for a million tokens.`, field);
}
