import { expect, test } from "bun:test";
import { Failure } from "../../shared/failure.ts";
import { parseForm } from "./form.ts";

const part = (head: string, content: string) => `--B\r\n${head}\r\n\r\n${content}\r\n`;
const named = (name: string, content: string) =>
  part(`Content-Disposition: form-data; name="${name}"`, content);
const file = part(
  'content-disposition: form-data; name="file"; filename="a.wav"\r\ncontent-type: audio/wav',
  "RIFF\r\n--C\0\xff",
);
const type = "multipart/form-data; boundary=B";
const read = (text: string, contentType = type) =>
  parseForm(Buffer.from(text, "latin1"), contentType);

test("fields and files are found, and only the model's name changes", () => {
  const text = `${file}${named("model", "whisper")}${named("language", "de")}--B--\r\n`;
  const form = read(text);
  expect([form.field("model"), form.field("language"), form.field("none")]).toEqual([
    ...["whisper", "de", null],
  ]);
  expect([form.hasFile("file"), form.hasFile("model")]).toEqual([true, false]);
  const renamed = Buffer.from(form.withModel("org/wéisper-large")).toString("latin1");
  expect(renamed).toBe(
    text.replace("whisper", Buffer.from("org/wéisper-large").toString("latin1")),
  );
});

test("what a browser and what openai-node send is read", async () => {
  const data = new FormData();
  data.set("model", "whisper");
  data.set("file", new File([new Uint8Array([0, 1, 2])], "a.wav"));
  const request = new Request("http://x", { method: "POST", body: data });
  const contentType = request.headers.get("content-type") ?? "";
  const form = parseForm(Buffer.from(await request.arrayBuffer()), contentType);
  expect(form.field("model")).toBe("whisper");
  expect(form.hasFile("file")).toBe(true);
  const again = new Response(Buffer.from(form.withModel("other")), {
    headers: { "content-type": contentType },
  });
  expect((await again.formData()).get("model")).toBe("other");
});

test.each([
  ["no boundary", "", "multipart/form-data"],
  ["another boundary", `${file}--B--\r\n`, "multipart/form-data; boundary=C"],
  ["no end", file, type],
  ["a part without head", "--B\r\nmodel\r\n--B--\r\n", type],
  ["two models", `${named("model", "a")}${named("model", "b")}--B--`, type],
  ["nothing", "", type],
  ["too many parts", `${named("a", "b").repeat(100)}--B--`, type],
])("%s is refused", (_, text, contentType) => {
  expect(() => read(text, contentType)).toThrow(Failure);
});
