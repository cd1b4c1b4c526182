import { expect, test } from "bun:test";
import { bodyOf, changedBodyOf } from "./fields.ts";

function form(fields: Readonly<Record<string, string>>): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.set(name, value);
  return data;
}

test("an empty field is left to the appliance", () => {
  expect(bodyOf(form({ model: "org/model", name: " ", context: "", gpu_type: "" }))).toEqual({
    model: "org/model",
  });
});

test("numbers are numbers, minutes are seconds, and a GPU is one field", () => {
  const filled = {
    model: "m",
    concurrency: "8",
    idle_minutes: "1.5",
    l1_minutes: "60",
    gpu_count: "2",
    gpu_type: "L4",
  };
  expect(bodyOf(form(filled))).toEqual({
    model: "m",
    concurrency: 8,
    idle_timeout_s: 90,
    l1_timeout_s: 3600,
    gpu: { type: "L4", count: 2 },
  });
});

test("of an endpoint that is there, an emptied field goes back to the appliance or to what is usual", () => {
  const filled = { model: "m", name: "n", runtime: "vllm", cold_start: "fail", idle_minutes: "" };
  expect(changedBodyOf(form({ ...filled, visibility: "team" }))).toEqual({
    model: "m",
    name: "n",
    runtime: "vllm",
    cold_start: "fail",
    visibility: "team",
    context_tokens: null,
    concurrency: 4,
    min_replicas: 0,
    max_replicas: 1,
    gpu: null,
    idle_timeout_s: null,
    l1_timeout_s: null,
  });
  expect(changedBodyOf(form({ hf_token: "hf_x" }))).toMatchObject({ hf_token: "hf_x" });
  expect(changedBodyOf(form({ "hf_token:remove": "on" }))).toMatchObject({ hf_token: "" });
});
