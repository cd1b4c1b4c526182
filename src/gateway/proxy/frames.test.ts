import { expect, test } from "bun:test";
import { dice } from "../../shared/http1/seeded.testbed.ts";
import { FrameSplitter } from "./frames.ts";

test("frames come out whole and once, wherever they are cut and however their lines end", () => {
  for (let seed = 1; seed <= 2_000; seed++) {
    const { below, pick } = dice(seed);
    let text = "";
    for (let count = below(12); count > 0; count--) text += pick(["a", "b\n", "\n", "\r\n", "\r"]);
    const splitter = new FrameSplitter();
    // A stream that begins well is not put right any more: see slips.test.ts for those that do not.
    splitter.push(Buffer.from("data: {}\n\n"));
    let passed = "";
    for (let at = 0; at < text.length; ) {
      const piece = text.slice(at, at + 1 + below(4));
      passed += splitter.push(Buffer.from(piece)).toString();
      at += piece.length;
      const kept = text.slice(passed.length, at);
      const isRight = text.startsWith(passed) && (passed === "" || /\n\r?\n$/.test(passed));
      if (!isRight || /\n\r?\n/.test(kept)) throw new Error(`seed ${seed}: ${passed}`);
      expect(splitter.pending).toBe(kept.length);
    }
  }
});

test("a large frame that comes byte by byte costs no more than its bytes", () => {
  const splitter = new FrameSplitter();
  const byte = Buffer.from("x");
  // Were all of it searched and copied for each byte, this would take a minute.
  for (let count = 0; count < 700_000; count++) splitter.push(byte);
  expect(splitter.push(Buffer.from("\n\n"))).toHaveLength(700_002);
});
