import { expect, test } from "bun:test";
import type { ModelView } from "../../../src/http.ts";
import { bodyOf, changesOf } from "./fields.ts";

function form(fields: Readonly<Record<string, string>>): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.set(name, value);
  return data;
}

const model = {
  ...{ id: "llama", slots: 4, replicas: 2, gpu: { type: "L4", count: null } },
  asked: { source: "org/m:Q4_K_M", revision: null, runtime: "auto", context_tokens: 8192 },
} as ModelView;
const same = {
  ...{ name: "llama", source: "org/m:Q4_K_M", revision: "", runtime: "auto" },
  ...{ context_tokens: "8192", slots: "4", replicas: "2", gpu_type: "L4", gpu_count: "" },
  hf_token: "",
};

test("an empty field is left to the appliance", () => {
  const filled = { source: " org/m ", name: "", slots: "2", gpu_count: "2", hf_token: "hf_x" };
  expect(bodyOf(form(filled))).toEqual({
    ...{ source: "org/m", slots: 2, gpu: { count: 2 }, hf_token: "hf_x" },
  });
});

test("a form that nobody touched changes nothing", () => {
  expect(changesOf(form(same), model)).toEqual({});
});

test("only what was changed is sent; what is emptied goes back to the appliance", () => {
  const emptied = { context_tokens: "", replicas: "", gpu_type: "", slots: "", name: "" };
  expect(changesOf(form({ ...same, ...emptied }), model)).toEqual({
    ...{ context_tokens: null, replicas: null, gpu: null },
  });
  expect(changesOf(form({ ...same, slots: "8", hf_token: "hf_x" }), model)).toEqual({
    ...{ slots: 8, hf_token: "hf_x" },
  });
});
