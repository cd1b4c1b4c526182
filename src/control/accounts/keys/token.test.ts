import { expect, test } from "bun:test";
import { looksLikeToken, newToken, shownParts } from "./token.ts";

test("a key is hv_, 43 base62 characters of 32 random bytes, and 6 of their checksum", () => {
  const tokens = new Set(Array.from({ length: 1000 }, () => newToken()));
  expect(tokens.size).toBe(1000);
  for (const token of tokens) {
    expect(token).toMatch(/^hv_[0-9A-Za-z]{49}$/);
    expect(looksLikeToken(token)).toBe(true);
  }
});

test("the smallest and the largest random number fill the same length", () => {
  // crc32 of the 46 characters before it, computed with Python's zlib and written in base 62.
  expect(newToken(new Uint8Array(32))).toBe(`hv_${"0".repeat(43)}3pyLzT`);
  expect(newToken(new Uint8Array(32).fill(255))).toBe(
    "hv_yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp12Ed25n",
  );
});

test("a checksum that begins with zeros is written in full: with one fewer, or one more, it is no key", () => {
  const checksumOf = (token: string) => token.slice(-6);
  let token = newToken();
  while (!checksumOf(token).startsWith("0")) token = newToken();
  const text = token.slice(0, -6);
  expect(looksLikeToken(token)).toBe(true);
  expect(looksLikeToken(text + checksumOf(token).slice(1))).toBe(false);
  expect(looksLikeToken(`${text}0${checksumOf(token)}`)).toBe(false);
});

test("one wrong character anywhere is noticed without a look-up", () => {
  const token = newToken();
  for (let position = 0; position < token.length; position++) {
    const wrong = token[position] === "x" ? "y" : "x";
    expect(looksLikeToken(token.slice(0, position) + wrong + token.slice(position + 1))).toBe(
      false,
    );
  }
});

test("other text is no key", () => {
  const token = newToken();
  const others = [
    "",
    "hv_",
    "sk-123",
    token.slice(0, -1),
    `${token}0`,
    ` ${token}`,
    token.toUpperCase(),
  ];
  for (const text of [...others, `hv_${"é".repeat(49)}`, "hv_".repeat(100_000)]) {
    expect(looksLikeToken(text)).toBe(false);
  }
});

test("what is shown of a key is its first ten characters and its last four", () => {
  const token = newToken();
  expect(shownParts(token)).toEqual({ prefix: token.slice(0, 10), last4: token.slice(48) });
});
