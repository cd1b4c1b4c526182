import { expect, test } from "bun:test";
import { badRequest } from "./failure.ts";
import { inWordsOf, respelled } from "./spelling.ts";

test.each([
  [{ context_tokens: 4096 }, { context: 4096 }],
  [{ context: 4096 }, { context: 4096 }],
  [{ context: null }, { context: null }],
  [{ concurrency: 2 }, { concurrency: 2 }],
  [{ slots: 2 }, { concurrency: 2 }],
  [{ n_slots: 2 }, { concurrency: 2 }],
  [{ slots: 2, concurrency: 2, n_slots: 2 }, { concurrency: 2 }],
  [
    { context: 8, context_tokens: 8, other: "kept" },
    { context: 8, other: "kept" },
  ],
  [{}, {}],
])("%j means %j", (sent: object, meant) => {
  expect(respelled(sent) as object).toEqual(meant);
});

test.each([
  [{ context_tokens: 4096, context: 2048 }, "context_tokens", "context"],
  [{ context_tokens: null, context: 2048 }, "context_tokens", "context"],
  [{ concurrency: 1, slots: 2 }, "concurrency", "slots"],
  [{ slots: 1, n_slots: 2 }, "slots", "n_slots"],
  [{ concurrency: 1, slots: 1, n_slots: 2 }, "concurrency", "n_slots"],
])("%j is refused, and both names are said", (sent, first, other) => {
  expect(() => respelled(sent)).toThrow(
    `\`${first}\` and \`${other}\` are two names of one setting and have different values.`,
  );
});

test.each([
  [{ slots: 0 }, "concurrency", "slots"],
  [{ n_slots: 0 }, "slots", "n_slots"],
  [{ context: 1 }, "context_tokens", "context"],
  [{}, "context", "context_tokens"],
  [{}, "slots", "concurrency"],
  [{ slots: 0 }, "gpu", "gpu"],
])("for the sender of %j, an error of `%s` is one of `%s`", async (sent, param, word) => {
  const refuse = () => {
    throw badRequest(`\`${param}\` is too small.`, param);
  };
  expect(await inWordsOf(sent, refuse).catch((error: unknown) => error)).toMatchObject({
    status: 400,
    param: word,
    message: `\`${word}\` is too small.`,
  });
});
