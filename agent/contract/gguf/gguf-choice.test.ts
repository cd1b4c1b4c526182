import { expect, test } from "bun:test";
import { chooseGguf } from "./gguf-choice.ts";

const parts = (stem: string, of: number): string[] =>
  Array.from({ length: of }, (_, i) => `${stem}-0000${i + 1}-of-0000${of}.gguf`);

const repository = [
  "README.md",
  "mmproj-F16.gguf",
  "m-imatrix.gguf",
  "m-Q4_K_M.gguf",
  "m-UD-Q4_K_M.gguf",
  "m-UD-Q2_K_XL.gguf",
  "m.IQ4_XS.gguf",
  ...parts("Q8_0/m-Q8_0", 3),
  ...parts("BF16/m-BF16", 3).slice(1),
];

test.each([
  ["the usual quant, where nobody says", null, ["m-Q4_K_M.gguf"]],
  ["a quant in small letters", "iq4_xs", ["m.IQ4_XS.gguf"]],
  ["a quant of which there is only the dynamic variant", "Q2_K_XL", ["m-UD-Q2_K_XL.gguf"]],
  ["the dynamic variant by its own name", "UD-Q4_K_M", ["m-UD-Q4_K_M.gguf"]],
  ["all parts of a split file in a folder", "Q8_0", parts("Q8_0/m-Q8_0", 3)],
  ["the whole set of a part", "Q8_0/m-Q8_0-00002-of-00003.gguf", parts("Q8_0/m-Q8_0", 3)],
  ["exactly the named file, whatever it is", "mmproj-F16.gguf", ["mmproj-F16.gguf"]],
])("%s", (_, word, files) => {
  expect(chooseGguf(repository, word)).toEqual({ files });
});

test.each([
  ["a set that is not whole", "BF16"],
  ["a quant that is not there", "Q6_K"],
  ["a file that is not there", "m-Q6_K.gguf"],
  ["the last letters of a quant", "K_M"],
])("%s leaves the choice", (_, word) => {
  expect(chooseGguf(repository, word)).toEqual({
    choices: ["IQ4_XS", "Q4_K_M", "Q8_0", "UD-Q2_K_XL", "UD-Q4_K_M"],
  });
});

test("the only model is meant whatever its quant, and none or several without the usual one are not", () => {
  expect(chooseGguf(["mmproj.gguf", "chat.gguf"], null)).toEqual({ files: ["chat.gguf"] });
  expect(chooseGguf(parts("m-F16", 2), null)).toEqual({ files: parts("m-F16", 2) });
  expect(chooseGguf(["a.safetensors"], null)).toEqual({ choices: [] });
  expect(chooseGguf(["b.gguf", "a.gguf"], null)).toEqual({ choices: ["a.gguf", "b.gguf"] });
  const two = ["v1-Q4_K_M.gguf", "v2-Q4_K_M.gguf"];
  expect(chooseGguf(two, null)).toEqual({ choices: two });
});
