import { describe, expect, test } from "bun:test";
import {
  ggufHeader,
  type Pair,
  small_tensors_bytes,
  smallLlama,
  smallTensors,
} from "../../../../agent/contract/gguf/gguf.testbed.ts";
import { parseGguf } from "../../../../agent/contract/gguf/header.ts";
import { factsOfGguf, tensorsBytes } from "./gguf-facts.ts";

const factsOf = (...more: readonly Pair[]) =>
  factsOfGguf(parseGguf(ggufHeader([...smallLlama, ...more], [])));
const cacheOf = (...more: readonly Pair[]) =>
  factsOf(...more).cache.map(
    ({ kind, layers, heads, width }) => `${layers} ${kind} ${heads} x ${width}`,
  );

describe("the tensors", () => {
  test("are summed by their types", () => {
    expect(tensorsBytes(parseGguf(ggufHeader(smallLlama, smallTensors)))).toBe(small_tensors_bytes);
  });

  test.each([
    ["of an unknown type", [1], 99, "type 99"],
    ["of an impossible size", [2 ** 40, 2 ** 40], 0, "type 0"],
  ])("%s are refused", (_, shape, type, message) => {
    const header = parseGguf(ggufHeader([], [{ name: "x", shape, type }]));
    expect(() => tensorsBytes(header)).toThrow(message);
  });
});

describe("the metadata", () => {
  test("gives layers, heads and vocabulary", () => {
    const facts = factsOf();
    expect(facts).toMatchObject({
      family: "llama",
      hidden: 256,
      heads: 8,
      vocab: 3,
      context_max: 8192,
    });
    expect(cacheOf()).toEqual(["2 full 4 x 64"]);
  });

  test("may give heads of another size, and one number per layer", () => {
    expect(
      cacheOf(["llama.attention.key_length", 128], ["llama.attention.value_length", 96]),
    ).toEqual(["2 full 4 x 224"]);
    expect(cacheOf(["llama.attention.head_count_kv", [2, 4]])).toEqual([
      "1 full 2 x 64",
      "1 full 4 x 64",
    ]);
  });

  test("tells layers without a cache by no KV heads", () => {
    const more: Pair[] = [
      ["llama.attention.head_count_kv", [0, 4]],
      ["llama.ssm.state_size", 16],
    ];
    expect(cacheOf(...more)).toEqual(["1 linear 1 x 64", "1 full 4 x 64"]);
    expect(factsOf(...more).hybrid).toContain("keep a state");
  });

  test("tells the latent cache of MLA, which older conversions do not have", () => {
    const rank: Pair = ["llama.attention.kv_lora_rank", 512];
    const rope: Pair = ["llama.rope.dimension_count", 64];
    expect(cacheOf(rank, rope, ["llama.attention.key_length_mla", 192])).toEqual([
      "2 full null x 576",
    ]);
    expect(cacheOf(rank, rope)).toEqual(["2 full 4 x 64"]);
  });

  test("tells windows by the architecture's rule or by a list", () => {
    const pairs = smallLlama.map(
      ([key, value]): Pair => [key.replace("llama.", "gpt-oss."), value],
    );
    const architecture: Pair = ["general.architecture", "gpt-oss"];
    const window: Pair = ["gpt-oss.attention.sliding_window", 128];
    const { cache } = factsOfGguf(parseGguf(ggufHeader([...pairs, architecture, window], [])));
    expect(cache.map(({ kind }) => kind)).toEqual(["sliding", "full"]);
    const listed: Pair = ["llama.attention.sliding_window_pattern", [0, 1]];
    expect(cacheOf(["llama.attention.sliding_window", 128], listed)).toEqual([
      "1 full 4 x 64",
      "1 sliding 4 x 64",
    ]);
  });

  test("without layers is refused with the key's name", () => {
    const header = parseGguf(ggufHeader([["general.architecture", "llama"]], []));
    expect(() => factsOfGguf(header)).toThrow("no usable `llama.block_count`");
  });
});
