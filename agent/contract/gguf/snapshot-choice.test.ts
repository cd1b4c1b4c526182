import { expect, test } from "bun:test";
import { chooseSnapshot } from "./snapshot-choice.ts";

test("a snapshot is what an engine reads, and nothing that could be run", () => {
  const read = [
    "1_Pooling/config.json",
    "chat_template.jinja",
    "config.json",
    "model-00001-of-00002.safetensors",
    "model-00002-of-00002.safetensors",
    "model.safetensors.index.json",
    "tokenizer.model",
    "vocab.txt",
  ];
  const left = [
    "README.md",
    "modeling_own.py",
    "pytorch_model.bin",
    "original/params.json",
    "onnx/model.safetensors",
    "model.gguf",
  ];
  expect(chooseSnapshot([...left, ...read])).toEqual(read);
});

test("Mistral's second copy of the weights is left out, unless it is the only one", () => {
  const names = ["config.json", "consolidated.safetensors"];
  expect(chooseSnapshot(names)).toEqual(names);
  expect(chooseSnapshot([...names, "model.safetensors"])).toEqual([
    "config.json",
    "model.safetensors",
  ]);
});

test.each([
  [["model.gguf"]],
  [["model.safetensors"]],
  [["config.json", "pytorch_model.bin"]],
  [[]],
])("%j is no model of safetensors", (names) => {
  expect(chooseSnapshot(names)).toBeUndefined();
});
