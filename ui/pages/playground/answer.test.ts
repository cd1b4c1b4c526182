import { expect, test } from "bun:test";
import {
  type Answer,
  asked,
  ended,
  grown,
  isOpen,
  stopped,
  tokens,
  tokensPerSecond,
  ttftMs,
} from "./answer.ts";
import type { ChatEvent } from "./chat-stream.ts";

const text = (words: string): ChatEvent => ({ is: "text", text: words });

function after(...events: [ChatEvent, number][]): Answer {
  return events.reduce((answer, [event, at]) => grown(answer, event, at), asked(1000));
}

test("an answer grows from waiting over streaming to done", () => {
  const open = after([text("Hel"), 1300], [text("lo"), 1400]);
  expect(open).toMatchObject({ state: "streaming", text: "Hello", first_at: 1300, last_at: 1400 });
  const finished = grown(grown(open, { is: "finish", reason: "stop" }, 1400), { is: "done" }, 1401);
  expect(finished.state).toBe("done");
  expect([asked(0), open, finished].map(isOpen)).toEqual([true, true, false]);
});

test("TTFT is from the question to the first text, and unknown before it", () => {
  expect(ttftMs(after([text("a"), 1307]))).toBe(307);
  expect(ttftMs(asked(1000))).toBeNull();
});

test("tokens are those the runtime counted, and before that the chunks", () => {
  const open = after([text("a"), 1300], [text("b"), 1400]);
  expect(tokens(open)).toEqual({ amount: 2, exact: false });
  const told = grown(open, { is: "usage", prompt_tokens: 9, completion_tokens: 5 }, 1400);
  expect(tokens(told)).toEqual({ amount: 5, exact: true });
});

test("speed leaves the time to the first token out, and is unknown for a single moment", () => {
  const events: [ChatEvent, number][] = Array.from({ length: 11 }, (_, i) => [
    text("x"),
    2000 + i * 100,
  ]);
  expect(tokensPerSecond(after(...events))).toBe(10);
  expect(tokensPerSecond(after([text("x"), 2000]))).toBeNull();
  expect(tokensPerSecond(after([text("x"), 2000], [text("y"), 2000]))).toBeNull();
});

test("a stream that ends without a reason broke off, with or without [DONE]", () => {
  const open = after([text("half a sen"), 1300]);
  for (const broken of [ended(open), grown(open, { is: "done" }, 1400)]) {
    expect(broken.state).toBe("failed");
    expect(broken.text).toBe("half a sen");
    expect(broken.problem?.message).toContain("broke off");
  }
});

test("an error in the stream keeps what was said, and [DONE] after it does not make it good", () => {
  const failed = grown(
    after([text("Well"), 1300]),
    { is: "error", message: "It broke.", code: null },
    1400,
  );
  const last = grown(failed, { is: "done" }, 1401);
  expect(last).toMatchObject({ state: "failed", text: "Well", problem: { message: "It broke." } });
});

test("an answer that was stopped stays stopped", () => {
  expect(ended(stopped(after([text("a"), 1300]))).state).toBe("stopped");
});

test("the note about waking goes with the first text", () => {
  const waking = grown(asked(0), { is: "waking", note: "soon" }, 10);
  expect(waking).toMatchObject({ state: "waiting", note: "soon" });
  expect(grown(waking, text("a"), 20).note).toBeNull();
});
