import { expect, test } from "bun:test";
import { listFolder, pageIn, TooManyFiles } from "./listing.ts";
import type { S3Ask } from "./request.ts";

const page = (inside: string): Uint8Array =>
  Buffer.from(`<?xml version="1.0"?><ListBucketResult>${inside}</ListBucketResult>`);
const entry = (key: string): string =>
  `<Contents><Key>${key}</Key><ETag>&quot;e&quot;</ETag><Size>7</Size></Contents>`;

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
  const ask = async ({ query }: S3Ask) => {
    asked.push(query?.["prefix"] ?? "none");
    return page(entry("m/x-00001-of-00002.gguf") + entry("m/") + entry("m/../y"));
  };
  const place = { bucket: "b", folder: "m" };
  const found = await listFolder(place, "x-00001-of-00002.gguf", ask);
  expect(found.map(({ name }) => name)).toEqual(["x-00001-of-00002.gguf"]);
  await listFolder(place, "Q4_K_M", ask);
  await listFolder({ bucket: "b", folder: "" }, null, ask);
  expect(asked).toEqual(["m/x", "m/", ""]);
});

test("a store that answers with the first version of the list is asked for what follows its last key", async () => {
  const asked: (string | undefined)[] = [];
  const ask = async ({ query }: S3Ask) => {
    const marker = query?.["marker"];
    asked.push(marker);
    const more = `<IsTruncated>${marker === undefined}</IsTruncated>`;
    return page(more + entry("m/") + entry(marker === undefined ? "m/a+ b" : "m/c"));
  };
  const found = await listFolder({ bucket: "b", folder: "m" }, null, ask);
  expect(found.map(({ name }) => name)).toEqual(["a+ b", "c"]);
  expect(asked).toEqual([undefined, "m/a+ b"]);
});

test("a list without an end is given up", async () => {
  const endless = "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>";
  let asked = 0;
  const ask = async () => {
    asked += 1;
    return page(endless);
  };
  const listed = listFolder({ bucket: "b", folder: "m" }, null, ask);
  await expect(listed).rejects.toBeInstanceOf(TooManyFiles);
  expect(asked).toBe(20);
});
