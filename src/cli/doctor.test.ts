import { expect, test } from "bun:test";
import { type Command, read, type Terminal } from "./command.ts";
import { doctorCommand, type Finding, inWords } from "./doctor.ts";

const finding = (state: Finding["state"]): Finding => ({
  name: `A ${state}`,
  state,
  detail: "So it is.",
  advice: state === "ok" ? "" : "Do it.",
});

async function run(found: Finding[], ...words: string[]): Promise<[number, string]> {
  const lines: string[] = [];
  const terminal: Terminal = {
    out: (line) => void lines.push(line),
    err: () => undefined,
    stop: new AbortController().signal,
  };
  const command: Command = doctorCommand(async () => found);
  return [
    await command.run(read(command, ["--home", "/nowhere", ...words]), terminal),
    lines.join("\n"),
  ];
}

test("only what fails makes it fail", async () => {
  expect((await run([finding("ok"), finding("warn"), finding("unknown")]))[0]).toBe(0);
  expect((await run([finding("ok"), finding("fail")]))[0]).toBe(1);
});

test("people read states, advice and a sum, without colours or control characters", () => {
  const told = inWords([finding("ok"), { ...finding("fail"), detail: "\x1b[31mred\nline" }]);
  expect(told.split("\n")).toEqual([
    "ok    A ok    So it is.",
    "FAIL  A fail   [31mred line",
    "              Do it.",
    "",
    "1 failed, 0 to look at, 1 good, 0 not known.",
  ]);
});

test("programs read the findings as they are", async () => {
  const found = [finding("warn")];
  expect(JSON.parse((await run(found, "--json"))[1])).toEqual(found);
});
