import { expect, test } from "bun:test";
import { listFolder, pageIn, type S3Reader, TooManyFiles } from "./listing.ts";
import type { S3Ask } from "./request.ts";

const page = (inside: string): Uint8Array =>
  Buffer.from(`<?xml version="1.0"?><ListBucketResult>${inside}</ListBucketResult>`);
const entry = (key: string): string =>
  `<Contents><Key>${key}</Key><ETag>&quot;e&quot;</ETag><Size>7</Size></Contents>`;

const reading = (answer: (ask: S3Ask) => Uint8Array): S3Reader => ({
  ask: async (ask) => ({ headers: new Headers(), bytes: answer(ask) }),
  isDenied: () => false,
});

test("keys are decoded as the store says that it wrote them", () => {
  const url = "<EncodingType>url</EncodingType>";
  expect(pageIn(page(`${url}${entry("a%2Bb+c%C3%A4")}`)).objects).toEqual([
    { name: "a+b cä", bytes: 7, etag: "e" },
  ]);
  expect(pageIn(page(entry("a%2B+&amp;b"))).objects[0]?.name).toBe("a%2B+&b");
});

test("what has no key or no size is left out, and an empty list is one", () => {
  expect(pageIn(page("<Contents><Key>a</Key></Contents>")).objects[0]?.bytes).toBe(0);
  expect(pageIn(page("<Contents><Size>1</Size></Contents><Contents/>")).objects).toEqual([]);
  expect(pageIn(page("<Contents><Key>a</Key><Size>-1</Size></Contents>")).objects).toEqual([]);
  expect(pageIn(page("")).objects).toEqual([]);
});

test.each([
  "<html>",
  "",
  "<Error><Code>x</Code></Error>",
  "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
])("%j is no list", (text) => {
  expect(() => pageIn(Buffer.from(text))).toThrow();
});

test("only what lies in the folder is listed, and of one file only what begins like it", async () => {
  const asked: string[] = [];
  const reader = reading(({ query }) => {
    asked.push(query?.["prefix"] ?? "none");
    return page(entry("m/x-00001-of-00002.gguf") + entry("m/") + entry("m/../y"));
  });
  const place = { bucket: "b", folder: "m" };
  const found = await listFolder(place, "x-00001-of-00002.gguf", reader);
  expect(found.map(({ name }) => name)).toEqual(["x-00001-of-00002.gguf"]);
  await listFolder(place, "Q4_K_M", reader);
  await listFolder({ bucket: "b", folder: "" }, null, reader);
  expect(asked).toEqual(["m/x", "m/", ""]);
});

test("a store that answers with the first version of the list is asked for what follows its last key", async () => {
  const asked: (string | undefined)[] = [];
  const reader = reading(({ query }) => {
    const marker = query?.["marker"];
    asked.push(marker);
    const more = `<IsTruncated>${marker === undefined}</IsTruncated>`;
    return page(more + entry("m/") + entry(marker === undefined ? "m/a+ b" : "m/c"));
  });
  const found = await listFolder({ bucket: "b", folder: "m" }, null, reader);
  expect(found.map(({ name }) => name)).toEqual(["a+ b", "c"]);
  expect(asked).toEqual([undefined, "m/a+ b"]);
});

test("a list without an end is given up", async () => {
  const endless = "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>";
  let asked = 0;
  const reader = reading(() => {
    asked += 1;
    return page(endless);
  });
  const listed = listFolder({ bucket: "b", folder: "m" }, null, reader);
  await expect(listed).rejects.toBeInstanceOf(TooManyFiles);
  expect(asked).toBe(20);
});

const denied = new Error("denied");
/** A store that lists nothing and has these keys. */
const closed = (...keys: string[]): S3Reader => ({
  async ask({ method, key = "" }) {
    if (method === "GET" || !keys.includes(key)) throw denied;
    const headers = new Headers({ "content-length": "7", etag: '"e"' });
    return { headers, bytes: new Uint8Array(0) };
  },
  isDenied: (error) => error === denied,
});

test("a file that is named is found without the right to list, with all of its parts", async () => {
  const place = { bucket: "b", folder: "m" };
  const found = { bytes: 7, etag: "e" };
  expect(await listFolder(place, "x.gguf", closed("m/x.gguf"))).toEqual([
    { name: "x.gguf", ...found },
  ]);
  const parts = ["x-00001-of-00002.gguf", "x-00002-of-00002.gguf"];
  const both = closed(...parts.map((name) => `m/${name}`));
  expect(await listFolder(place, parts[1] ?? "", both)).toEqual(
    parts.map((name) => ({ name, ...found })),
  );
});

test("what is not there, or not named as a file, needs the right to list", async () => {
  const place = { bucket: "b", folder: "m" };
  for (const word of ["y.gguf", "x-00001-of-00002.gguf", "Q4_K_M", null]) {
    const reader = closed("m/x.gguf", "m/x-00001-of-00002.gguf");
    await expect(listFolder(place, word, reader)).rejects.toBe(denied);
  }
});
