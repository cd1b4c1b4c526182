import { expect, test } from "bun:test";
import { chatRequest, curlLine, type Settings } from "./request.ts";

const settings: Settings = { model: "m", system: "", temperature: 0.5, max_tokens: null };

test("a request asks for a stream with usage, and says only what was set", () => {
  expect(chatRequest(settings, [], "Hi")).toEqual({
    model: "m",
    messages: [{ role: "user", content: "Hi" }],
    temperature: 0.5,
    stream: true,
    stream_options: { include_usage: true },
  });
});

test("the system prompt comes first, then what was said, then the question", () => {
  const said = [
    { role: "user", content: "a" },
    { role: "assistant", content: "b" },
  ] as const;
  const request = chatRequest({ ...settings, system: "Be brief.", max_tokens: 9 }, said, "c");
  expect(request.messages.map(({ role }) => role)).toEqual(["system", "user", "assistant", "user"]);
  expect(request.max_tokens).toBe(9);
});

test("a system prompt of spaces is none", () => {
  expect(chatRequest({ ...settings, system: " \n" }, [], "Hi").messages).toHaveLength(1);
});

test("a real shell hands curl exactly the request, whatever is quoted in it", async () => {
  const said = `it's "quoted" $HOME \`id\` \\ \n'; echo no; '${"x".repeat(100)}`;
  for (const body of [{ short: "it's" }, chatRequest(settings, [], said)]) {
    const line = curlLine("http://localhost:1", "$KEY", body);
    // In place of curl, a function that prints its last argument.
    const script = `curl() { for last; do :; done; printf %s "$last"; }\n${line}`;
    const out = await Bun.$`KEY=hv_1 sh -c ${script}`.text();
    expect(JSON.parse(out)).toEqual(body);
  }
});

test("the key may be a variable, which the shell fills in", async () => {
  const script = `curl() { printf %s "$3"; }\n${curlLine("http://localhost:1", "$KEY", {})}`;
  expect(await Bun.$`KEY=hv_1 sh -c ${script}`.text()).toBe("Authorization: Bearer hv_1");
});
