import { describe, expect, test } from "bun:test";
import { factsOfConfig } from "../../scheduler/sizing/config.ts";
import { type Model, modelFrom } from "../../scheduler/sizing/model.ts";
import truth from "../../scheduler/sizing/truth.json";
import { h100, processors, rtx4090, specOf } from "./resolve.testbed.ts";
import { decideContext, kindsIn } from "./resolve-kinds.ts";

const configured = (name: keyof typeof truth.configs): Model =>
  modelFrom({ name, config: factsOfConfig(truth.configs[name].config) });
const qwen32 = configured("Qwen/Qwen3-32B");
const qwen06 = configured("Qwen/Qwen3-0.6B");

test("a fleet's kinds are each counted on the host that has most of it, its processors are one kind", () => {
  const device = (id: string, kind: string, memory_bytes: number) => ({
    id,
    kind,
    memory_bytes,
    reserved_bytes: 0,
    leaving_bytes: 0,
    asleep_bytes: 0,
    foreign_bytes: 0,
    starting: false,
  });
  const hosts = [
    { devices: [device("cpu", "cpu", 5), device("a", "L4", 24), device("b", "L4", 24)] },
    { devices: [device("cpu", "cpu", 9), device("a", "L4", 24), device("b", "L40S", 48)] },
  ];
  expect(kindsIn(hosts)).toEqual([
    { kind: "cpu", memory_bytes: 9, count: 1 },
    { kind: "L4", memory_bytes: 24, count: 2 },
    { kind: "L40S", memory_bytes: 48, count: 1 },
  ]);
});

describe("an asked context", () => {
  test("stands, and is sized", () => {
    const decided = decideContext(specOf({ context: 40_000 }), "vllm", qwen32, [h100]);
    expect(decided.context_tokens).toBe(40_000);
    expect(decided.sizing).toMatchObject({ context: 40_000, concurrency: 4, gpu: "H100-80" });
  });

  test("stands also where it does not fit, for placement to refuse", () => {
    const decided = decideContext(specOf({ context: 40_000 }), "vllm", qwen32, [rtx4090]);
    expect(decided).toMatchObject({ context_tokens: 40_000, sizing: { verdict: "no" } });
  });

  test("beyond the model's own is refused with that", () => {
    const most = qwen32.facts.context_max ?? 0;
    const asked = specOf({ context: most + 1 });
    expect(() => decideContext(asked, "vllm", qwen32, [h100])).toThrow(
      `Qwen/Qwen3-32B was made for at most ${most} tokens, and \`context\` asks for ${most + 1}. Ask for ${most} or less.`,
    );
  });
});

describe("without an asked context", () => {
  test("it is 32,768 where that fits, or the model's own where that is shorter", () => {
    expect(decideContext(specOf({}), "vllm", qwen32, [h100]).context_tokens).toBe(32_768);
    const short = { ...qwen06, facts: { ...qwen06.facts, context_max: 2048 } };
    expect(decideContext(specOf({}), "vllm", short, [h100]).context_tokens).toBe(2048);
  });

  test("it is what the asked GPUs hold", () => {
    const spec = specOf({ gpu: { type: "H100-80", count: 1 }, concurrency: 1 });
    const { context_tokens, sizing } = decideContext(spec, "vllm", qwen32, [h100]);
    expect(context_tokens).toBeLessThan(32_768);
    expect(context_tokens % 256).toBe(0);
    expect(sizing).toMatchObject({ verdict: "fits", gpus: 1, context: context_tokens });
  });

  test("it is what one host's GPUs hold, where more would be needed", () => {
    const one = { ...h100, count: 1 };
    const { context_tokens, sizing } = decideContext(specOf({}), "vllm", qwen32, [one]);
    expect(context_tokens).toBeLessThan(32_768);
    expect(sizing).toMatchObject({ verdict: "fits", gpus: 1 });
  });

  test("it stays where nothing fits at all, and where the size is unknown", () => {
    const decided = decideContext(specOf({}), "vllm", qwen32, [rtx4090]);
    expect(decided).toMatchObject({ context_tokens: 32_768, sizing: { verdict: "no" } });
    expect(decideContext(specOf({}), "vllm", null, [h100])).toEqual({
      context_tokens: 8192,
      sizing: null,
    });
  });
});

describe("sizing is for", () => {
  const gpuOf = (over: Parameters<typeof specOf>[0], ...fleet: (typeof h100)[]) =>
    decideContext(specOf(over), "llama-server", qwen06, fleet).sizing?.gpu;

  test("the smallest GPU that fits, and for processors where none does", () => {
    expect(gpuOf({}, processors, h100, rtx4090)).toBe("RTX4090-24");
    expect(gpuOf({ concurrency: 16 }, processors, rtx4090)).toBe("cpu");
  });

  test("the asked type, also while no host has it", () => {
    expect(gpuOf({ gpu: { type: "H100", count: null } }, h100, rtx4090)).toBe("H100-80");
    expect(gpuOf({ gpu: { type: "L4", count: null } }, h100)).toBe("L4-24");
    expect(gpuOf({ gpu: { type: "cpu", count: null } }, h100, processors)).toBe("cpu");
    expect(gpuOf({ gpu: { type: "unheard of", count: null } }, h100)).toBeUndefined();
  });

  test("no processors where GPUs were asked for or the runtime wants them", () => {
    expect(gpuOf({ gpu: { type: null, count: 1 } }, processors)).toBeUndefined();
    expect(decideContext(specOf({}), "vllm", qwen06, [processors]).sizing).toBeNull();
  });
});
