/** What aliases stand for, for whom, and which names a caller may use at all. */
import { expect, test } from "bun:test";
import { elastic, endpoint, owner, refusal, replica } from "./endpoint.testbed.ts";
import { createRouting, type RoutedAlias, type RoutedModel } from "./routing.ts";
import type { Asker } from "./visibility.ts";

const alias = (
  targets: Readonly<Record<string, number>>,
  fallbacks: readonly string[] = [],
  name = "smart",
): RoutedAlias => ({
  id: `als_${name}`,
  name,
  created_at: 77,
  fallbacks,
  targets: Object.entries(targets).map(([model, weight]) => ({ model, weight })),
});

const mine = endpoint("up", [replica("m")]);
const shared = (visibility: "public" | "team") => endpoint("up", [], { visibility });
const stranger: Asker = { user_id: "usr_x", role: "member", models: null };
const viewer: Asker = { ...stranger, role: "viewer" };
const only = (...names: string[]): Asker => ({ ...owner, models: new Set(names) });

/** The dice fall as the test says: 0 is the first target. */
function bed(aliases: readonly RoutedAlias[], models: readonly RoutedModel[] = []) {
  const dice = { at: 0 };
  const routing = createRouting({ now: () => 0, steady: () => 0 }, { dice: () => dice.at });
  const known = ["demo", "large"].map((name) => elastic(name, [replica(name)]));
  routing.replace([...known, ...models], aliases);
  const missing = async (name: string, asker: Asker): Promise<boolean> => {
    const failure = await refusal(() => routing.find(name, asker));
    expect(failure).toMatchObject({ status: 404, code: "model_not_found", param: "model" });
    return failure.message.includes(name);
  };
  return { routing, dice, missing, names: (asker: Asker) => namesOf(routing.models(asker)) };
}

const namesOf = (list: readonly { name: string }[]): string[] => list.map(({ name }) => name);

test("an alias is its targets in shares, and every claim is of a real model", () => {
  const { routing, dice } = bed([alias({ demo: 95, large: 5 })]);
  const at = (number: number) => {
    dice.at = number;
    return routing.find("smart", owner);
  };
  expect([0, 0.94, 0.96].map((number) => at(number).name)).toEqual(["demo", "demo", "large"]);
  expect(at(0.96)).toEqual({
    id: "mdl_large",
    name: "large",
    endpoint: null,
    created_at: 77,
    fallbacks: [],
  });
  expect(routing.claim(at(0.96), new Set())).toHaveProperty("replica.id", "large");
});

test("who is sticky has the same target however the dice fall", () => {
  const { routing, dice } = bed([alias({ demo: 1, large: 1 })]);
  const found = [0, 0.3, 0.6, 0.9].map((at) => {
    dice.at = at;
    return ["s1", "s2", "s3", "s4", "s5"].map((s) => routing.find("smart", owner, s).name);
  });
  for (const names of found) expect(names).toEqual(found[0] ?? []);
  expect(new Set(found[0])).toEqual(new Set(["demo", "large"]));
});

test("targets that do not exist are left out, and their share goes to the others", async () => {
  const { routing, dice, missing } = bed([
    alias({ none: 99, large: 1 }),
    alias({ no: 1 }, [], "n"),
  ]);
  dice.at = 0;
  expect(routing.find("smart", owner).name).toBe("large");
  expect(await missing("n", owner)).toBe(true);
});

test("fallbacks come in order, and the other targets are none unless they are listed", () => {
  const { routing, dice } = bed(
    [alias({ demo: 1, large: 1 }, ["none", "large", "endpt-1"]), alias({ demo: 1 }, [], "plain")],
    [mine],
  );
  const fallbacks = () => namesOf(routing.find("smart", owner).fallbacks);
  expect(fallbacks()).toEqual(["large", "mine"]);
  dice.at = 0.9;
  expect(fallbacks()).toEqual(["mine"]);
  expect(routing.find("plain", owner).fallbacks).toEqual([]);
  expect(routing.find("demo", owner).fallbacks).toEqual([]);
});

test("nobody gets at an endpoint by an alias that they do not see without it", async () => {
  const aliases = [
    alias({ "endpt-1": 99, demo: 1 }, ["endpt-1"]),
    alias({ "endpt-1": 1 }, [], "hidden"),
  ];
  const { routing, names, missing } = bed(aliases, [mine]);
  expect(routing.find("smart", owner).endpoint).toBe("endpt-1");
  expect(routing.find("smart", stranger)).toMatchObject({ name: "demo", fallbacks: [] });
  expect(await missing("hidden", stranger)).toBe(true);
  expect(names(stranger)).toEqual(["demo", "large", "smart"]);
  expect(names(owner)).toEqual(["demo", "large", "mine", "smart", "hidden"]);
});

test("a viewer has of an alias what is public, and without it there is no such model", async () => {
  const aliases = [alias({ demo: 1, "endpt-1": 1 }, ["demo"]), alias({ demo: 1 }, [], "pool")];
  const open = bed(aliases, [shared("public")]);
  expect(open.routing.find("smart", viewer)).toMatchObject({ endpoint: "endpt-1", fallbacks: [] });
  expect(open.names(viewer)).toEqual(["mine", "smart"]);
  expect(await open.missing("pool", viewer)).toBe(true);
  const closed = bed(aliases, [shared("team")]);
  expect(await closed.missing("smart", viewer)).toBe(true);
  expect(closed.names(viewer)).toEqual([]);
});

test("a key for an alias may use that, and neither its targets nor anything else by name", async () => {
  const { routing, names, missing } = bed([alias({ demo: 1 }, ["endpt-1"])], [mine]);
  const caller = only("smart");
  expect(routing.find("smart", caller)).toMatchObject({
    name: "demo",
    fallbacks: [{ name: "mine" }],
  });
  for (const name of ["demo", "large", "mine", "endpt-1"]) {
    expect(await missing(name, caller)).toBe(true);
  }
  expect(await refusal(() => routing.findEndpoint("endpt-1", caller))).toMatchObject({
    status: 404,
  });
  expect(names(caller)).toEqual(["smart"]);
});

test("a key for a model may not use an alias of it, and an empty list allows nothing", async () => {
  const { routing, names, missing } = bed([alias({ demo: 1 })], [mine]);
  expect(routing.find("demo", only("demo")).name).toBe("demo");
  expect(await missing("smart", only("demo"))).toBe(true);
  expect(names(only("demo"))).toEqual(["demo"]);
  expect(names(only())).toEqual([]);
  expect(await missing("demo", only())).toBe(true);
});

test("an endpoint is allowed by its id and by its name, and found by both", () => {
  const { routing, names } = bed([], [mine]);
  for (const listed of ["mine", "endpt-1"]) {
    const caller = only(listed);
    const found = [routing.find("mine", caller), routing.find("endpt-1", caller)];
    for (const { id } of [...found, routing.findEndpoint("endpt-1", caller)]) {
      expect(id).toBe("endpt-1");
    }
    expect(names(caller)).toEqual(["mine"]);
  }
});

test("a name that means something else allows no endpoint that has it too", async () => {
  const { routing, names, missing } = bed([alias({ demo: 1 }, [], "mine")], [mine]);
  expect(routing.find("mine", owner).name).toBe("demo");
  expect(names(owner)).toEqual(["demo", "large", "endpt-1", "mine"]);
  expect(await missing("endpt-1", only("mine"))).toBe(true);
  expect(names(only("mine"))).toEqual(["mine"]);
});

test("an alias takes no name from a model, and leads to no endpoint by a name that its owner gave", async () => {
  const { routing, missing } = bed(
    [alias({ large: 1 }, [], "demo"), alias({ mine: 1 }), alias({ smart: 1 }, [], "chain")],
    [shared("public")],
  );
  expect(routing.find("demo", owner)).toMatchObject({ name: "demo", created_at: 1 });
  expect(namesOf(routing.models(owner))).toEqual(["demo", "large", "mine"]);
  for (const name of ["smart", "chain"]) expect(await missing(name, owner)).toBe(true);
});

test("aliases come and go with the snapshot", async () => {
  const { routing, missing } = bed([alias({ demo: 1 })]);
  routing.replace([elastic("demo"), elastic("large")], [alias({ large: 1 })]);
  expect(routing.find("smart", owner).name).toBe("large");
  routing.replace([elastic("demo")]);
  expect(await missing("smart", owner)).toBe(true);
});
