/**
 * What the value of an argument or a variable may be. No kind here takes a path or an address: what a value opens is
 * decided by the program that reads it, and not by us.
 */

export interface Value {
  /** TEXT as the runtime gets it; undefined when it is no such value. */
  read(text: string): string | undefined;
  /** Behind "must be". */
  must: string;
}

export const matching = (pattern: RegExp, must: string): Value => ({
  read: (text) => (pattern.test(text) ? text : undefined),
  must,
});

export const oneOf = (...words: readonly string[]): Value => ({
  read: (text) => (words.includes(text) ? text : undefined),
  must: words.length === 1 ? `${words[0]}` : `one of ${words.join(", ")}`,
});

export const whole = (least: number, most: number): Value => ({
  read: (text) => (/^[+-]?\d{1,15}$/.test(text) && isWithin(text, least, most) ? text : undefined),
  must: `a whole number from ${least} to ${most}`,
});

export const number = (least: number, most: number): Value => ({
  read: (text) =>
    /^[+-]?(?:\d{1,15}\.?\d{0,15}|\.\d{1,15})(?:e[+-]?\d{1,2})?$/i.test(text) &&
    isWithin(text, least, most)
      ? text
      : undefined,
  must: `a number from ${least} to ${most}`,
});

const isWithin = (text: string, least: number, most: number): boolean =>
  Number(text) >= least && Number(text) <= most;

/** Of a backend, a parser, a type: engines have many and gain some with each release. */
export const name = matching(
  /^[A-Za-z0-9](?:[\w-]|\.(?!\.)){0,63}$/,
  "a name of letters, digits and the characters _ . -",
);

/** A slash where a word begins, a home folder, a drive, or a scheme. */
const leadsSomewhere =
  /(?:^|[\s"'`=,;:()[\]{}<>|])(?:~|\.{0,2}\/|[A-Za-z]:[\\/])|\w:\/\/|\bfile:|\\\\/i;

const isText = (text: string, longest: number): boolean =>
  text.length <= longest && !leadsSomewhere.test(text) && !text.includes("\0");

export const text = (longest: number): Value => ({
  read: (value) => (value !== "" && isText(value, longest) ? value : undefined),
  must: `text of at most ${longest} characters without paths and addresses`,
});

type Check = (value: unknown) => boolean;

export const isNumber: Check = (value) => typeof value === "number";
export const isFlag: Check = (value) => typeof value === "boolean";
export const isName: Check = (value) => typeof value === "string" && name.read(value) !== undefined;
const isPlain: Check = (value) =>
  value === null ||
  typeof value === "number" ||
  typeof value === "boolean" ||
  (typeof value === "string" && isText(value, 256));
export const listOf =
  (is: Check): Check =>
  (value) =>
    Array.isArray(value) && value.length <= 1024 && value.every(is);
export const eachOf =
  (is: Check): Check =>
  (value) =>
    isObject(value) && Object.entries(value).every(([key, each]) => isName(key) && is(each));
export const either =
  (...checks: readonly Check[]): Check =>
  (value) =>
    checks.some((is) => is(value));

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const longest_json = 8192;

/**
 * An object in JSON with these keys. It is written again from what was checked: of a key that stands twice, readers
 * take either.
 */
export const json = (keys: Readonly<Record<string, Check>>): Value =>
  jsonWhere(
    (key, value) => Object.hasOwn(keys, key) && keys[key]?.(value) === true,
    `a JSON object with ${Object.keys(keys).join(", ")} and nothing else`,
  );

/** The same with keys that a model's template gives a meaning. */
export const jsonOfPlain = (forbidden: readonly string[]): Value =>
  jsonWhere(
    (key, value) => /^[a-z]\w{0,63}$/i.test(key) && !forbidden.includes(key) && isPlain(value),
    "a JSON object of names with texts, numbers, true or false, without paths and addresses",
  );

function jsonWhere(isGood: (key: string, value: unknown) => boolean, must: string): Value {
  return {
    must,
    read(written) {
      const value = written.length <= longest_json ? parse(written) : undefined;
      if (!isObject(value)) return undefined;
      const good = Object.entries(value).every(([key, each]) => isGood(key, each));
      return good ? JSON.stringify(value) : undefined;
    },
  };
}

function parse(written: string): unknown {
  try {
    return JSON.parse(written);
  } catch {
    return undefined;
  }
}
