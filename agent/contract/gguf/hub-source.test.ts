import { expect, test } from "bun:test";
import { hubSource, parseHubSource } from "./hub-source.ts";

test.each([
  ["org/repo", { repository: "org/repo", revision: null, word: null }],
  ["hf:o/r", { repository: "o/r", revision: null, word: null }],
  [
    "hf:Qwen/Qwen2.5-0.5B_x:Q4_K_M",
    { repository: "Qwen/Qwen2.5-0.5B_x", revision: null, word: "Q4_K_M" },
  ],
  [
    "hf:org/repo@refs/pr/1:Q8/m a.gguf",
    { repository: "org/repo", revision: "refs/pr/1", word: "Q8/m a.gguf" },
  ],
])("%s is read, and written again", (text, source) => {
  expect(parseHubSource(text)).toEqual(source);
  expect(hubSource(source)).toBe(text.startsWith("hf:") ? text : `hf:${text}`);
});

test.each([
  "",
  "gpt2",
  "a/b/c",
  "/etc/passwd",
  "../x/y",
  "org/..",
  "org/a--b",
  "org/repo.git",
  "org/repo@",
  "org/repo:",
  "org/repo@a@b",
  "org/repo@../main",
  "org/repo:../secret.gguf",
  "org/repo:a/../b.gguf",
  "org/repo:/a.gguf",
  "org/repo:a?b",
  "org/re po",
  "https://huggingface.co/org/repo",
  `org/${"a".repeat(200)}`,
])("%j names nothing on a hub", (text) => {
  expect(parseHubSource(text)).toBeUndefined();
});
