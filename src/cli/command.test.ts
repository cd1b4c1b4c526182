import { describe, expect, test } from "bun:test";
import { type Command, help, read, UsageError } from "./command.ts";
import { table } from "./print.ts";

const command: Command = {
  name: "serve",
  summary: "Starts it.",
  options: {
    port: { value: "N", help: "HTTP port" },
    fast: { help: "no waiting" },
    label: { value: "KEY=VALUE", repeated: true, help: "what it is" },
  },
  notes: "More is in the README.",
  takes_words: true,
  run: () => Promise.resolve(0),
};

describe("the words after a verb", () => {
  test("are read by name", () => {
    const words = read(command, ["--port", "80", "--fast", "thing"]);
    expect(words.text("port")).toBe("80");
    expect(words.integer("port", 1, 65_535)).toBe(80);
    expect(words.flag("fast")).toBe(true);
    expect(words.positionals).toEqual(["thing"]);
  });

  test("may be given several times where that is allowed", () => {
    const words = read(command, ["--label", "a=1", "--label=b=2"]);
    expect(words.texts("label")).toEqual(["a=1", "b=2"]);
    expect(words.text("label")).toBeUndefined();
    expect(read(command, []).texts("label")).toEqual([]);
  });

  test("may be absent", () => {
    const words = read(command, []);
    expect([words.text("port"), words.integer("port", 1, 2), words.flag("fast")]).toEqual([
      undefined,
      undefined,
      false,
    ]);
  });

  test.each([["0"], ["65536"], ["8e3"], ["-1"], ["eighty"]])(
    "--port=%s is refused with its bounds",
    (word) => {
      const words = read(command, [`--port=${word}`]);
      expect(() => words.integer("port", 1, 65_535)).toThrow(
        "--port takes a whole number from 1 to 65535",
      );
    },
  );

  test("that are unknown point to the help", () => {
    expect(() => read(command, ["--prot", "80"])).toThrow(UsageError);
    expect(() => read(command, ["--prot", "80"])).toThrow("hypervize serve --help");
  });

  test("are refused where only options are taken, and not repeated: they may be secret", () => {
    const strict = { ...command, takes_words: false };
    const refusal = "serve takes options only, such as --port N. See `hypervize serve --help`.";
    expect(() => read(strict, ["hvj_secret"])).toThrow(new UsageError(refusal));
    expect(read(strict, ["--fast"]).positionals).toEqual([]);
  });

  test("that lack their value are refused", () => {
    expect(() => read(command, ["--port"])).toThrow(UsageError);
  });
});

test("the help has every option and the notes", () => {
  const text = help(command);
  for (const part of ["usage: hypervize serve", "--port N", "--fast", "--help", "README"]) {
    expect(text).toContain(part);
  }
});

describe("tables", () => {
  test("show pairs as they are written, and an empty set of them as a dash", () => {
    const rows = [{ labels: { region: "eu", pool: "a" } }, { labels: {} }];
    expect(table(rows, ["labels"])).toBe("LABELS\nregion=eu,pool=a\n-");
  });

  test("line up, show times as dates and absence as a dash", () => {
    const rows = [
      { id: "a", joined_at: 0, name: null },
      { id: "longer", joined_at: 1000, name: "x" },
    ];
    expect(table(rows, ["id", "joined_at", "name"])).toBe(
      [
        "ID      JOINED_AT                 NAME",
        "a       1970-01-01T00:00:00.000Z  -",
        "longer  1970-01-01T00:00:01.000Z  x",
      ].join("\n"),
    );
  });

  test("without rows say so, and never pass control characters to a terminal", () => {
    expect(table([], ["id"])).toBe("Nothing yet.");
    expect(table([{ id: "a\u001b[31m" }], ["id"])).toBe("ID\na?[31m");
  });
});
