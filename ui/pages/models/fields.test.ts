import { expect, test } from "bun:test";
import { bodyOf, changedBodyOf } from "./fields.ts";

function form(fields: Readonly<Record<string, string>>): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.set(name, value);
  return data;
}

test("an empty field is left to the appliance", () => {
  const filled = {
    source: " org/m ",
    name: "",
    concurrency: "2",
    gpu_count: "2",
    hf_token: "hf_x",
  };
  expect(bodyOf(form(filled))).toEqual({
    source: "org/m",
    concurrency: 2,
    gpu: { count: 2 },
    hf_token: "hf_x",
  });
});

test("of a model that is there, an emptied field goes back to the appliance or to what is usual", () => {
  const filled = { source: "org/m", name: "m", runtime: "auto", concurrency: "", gpu_type: "L4" };
  expect(changedBodyOf(form(filled))).toEqual({
    source: "org/m",
    name: "m",
    runtime: "auto",
    concurrency: 4,
    gpu: { type: "L4" },
    revision: null,
    context_tokens: null,
    replicas: null,
  });
  expect(changedBodyOf(form({ hf_token: "hf_x" }))).toMatchObject({ hf_token: "hf_x", gpu: null });
});
