import { beforeEach, expect, test } from "bun:test";
import { type Database, openDatabase } from "../../storage/database.ts";
import { type PriceInput, Prices } from "./prices.ts";

let database: Database;
let prices: Prices;

beforeEach(() => {
  database = openDatabase(":memory:");
  prices = new Prices(database);
});

const price = { model: "org/large", input_per_million: 2, output_per_million: 8 };
const counts = { prompt_tokens: 1000, completion_tokens: 500, cached_tokens: 400 };
const large = { id: "mdl_1", name: "org/large" };

test("a request costs what its tokens cost; without a price for cached ones, they cost as the others", () => {
  expect(prices.costOf(large, counts)).toBe(0);
  prices.set(price);
  expect(prices.costOf(large, counts)).toBeCloseTo(0.006, 12);
  prices.set({ ...price, cached_input_per_million: 0.5 });
  expect(prices.costOf(large, counts)).toBeCloseTo(0.0054, 12);
  expect(prices.costOf({ id: "mdl_2", name: "other" }, counts)).toBe(0);
});

test("more cached tokens than the prompt had never make it cheaper than all cached", () => {
  prices.set({ ...price, cached_input_per_million: 1 });
  const odd = { prompt_tokens: 100, completion_tokens: 0, cached_tokens: 1000 };
  expect(prices.costOf(large, odd)).toBeCloseTo(0.0001, 12);
});

test("an endpoint has its price by its id before its name", () => {
  const endpoint = { id: "endpt-1", name: "org/large" };
  prices.set(price);
  prices.set({ ...price, model: "endpt-1", input_per_million: 0, output_per_million: 100 });
  expect(prices.costOf(endpoint, counts)).toBeCloseTo(0.05, 12);
});

test("a price is there once, changes, survives a restart, and goes", () => {
  prices.set({ ...price, model: "b" });
  prices.set(price);
  const changed = prices.set({ ...price, model: "b", output_per_million: 9 });
  expect(changed).toEqual({
    model: "b",
    input_per_million: 2,
    cached_input_per_million: null,
    output_per_million: 9,
  });
  expect(new Prices(database).list()).toEqual(prices.list());
  expect(prices.list().map(({ model }) => model)).toEqual(["b", "org/large"]);
  prices.remove("b");
  expect(new Prices(database).list()).toHaveLength(1);
  expect(() => prices.remove("b")).toThrow(expect.objectContaining({ status: 404 }));
});

const bad: [field: keyof PriceInput, value: unknown][] = [
  ["model", " "],
  ["model", "x".repeat(257)],
  ["input_per_million", -1],
  ["input_per_million", Number.NaN],
  ["output_per_million", Number.POSITIVE_INFINITY],
  ["cached_input_per_million", -0.1],
];
test.each(bad)("%s of %p is refused by name", (field, value) => {
  expect(() => prices.set({ ...price, [field]: value })).toThrow(
    expect.objectContaining({ status: 400, param: field }),
  );
  expect(prices.list()).toEqual([]);
});
