/** What people write behind a verb, and what of it reaches the appliance. */
import { afterAll, beforeEach, expect, test } from "bun:test";
import { adminCommands } from "./admin.ts";
import { help, read, UsageError } from "./command.ts";

let asked: { method: string; path: string; body: unknown }[] = [];
const lists: Record<string, object[]> = {
  "/api/keys": [
    { id: "key_1", name: "ci", revoked_at: null },
    { id: "key_2", name: "twice", revoked_at: null },
    { id: "key_3", name: "twice", revoked_at: null },
    { id: "key_4", name: "ci", revoked_at: 5 },
  ],
  "/api/users": [{ id: "user_1", email: "ada@example.org" }],
  "/api/hosts": [
    { id: "host_1", name: "gpu1" },
    { id: "host_2", name: "host_1" },
  ],
};
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  async fetch(request) {
    const { pathname: path } = new URL(request.url);
    const text = await request.text();
    const list = request.method === "GET" ? lists[path] : undefined;
    if (list) return Response.json({ by: new URL(request.url).searchParams.get("by"), data: list });
    asked.push({ method: request.method, path, body: text === "" ? undefined : JSON.parse(text) });
    return Response.json({});
  },
});
const before = { ...process.env };
process.env["HYPERVIZE_URL"] = server.url.href;
process.env["HYPERVIZE_API_KEY"] = "hv_test";
afterAll(() => {
  process.env = before;
  return server.stop(true);
});
beforeEach(() => {
  asked = [];
});

async function run(name: string, ...argv: string[]) {
  const command = adminCommands.find((one) => one.name === name);
  if (!command) throw new Error("There is no such command.");
  let err = "";
  let out = "";
  const stop = new AbortController().signal;
  const terminal = {
    out: (line: string) => {
      out += line;
    },
    err: () => undefined,
    stop,
  };
  const code = await command.run(read(command, argv), terminal).catch((error: Error) => {
    err = error.message;
    return error instanceof UsageError ? 2 : 1;
  });
  return { code, out, err };
}

test.each([
  [["keys", "create", "nightly batch", "--rpm", "60"], { name: "nightly batch", rpm_limit: 60 }],
  [["keys", "create", "--name", "nightly batch"], { name: "nightly batch" }],
  [
    ["users", "create", "ada@example.org", "--password", "correct horse"],
    { email: "ada@example.org", password: "correct horse", role: "member" },
  ],
  [["models", "add", "builtin:demo"], { source: "builtin:demo" }],
  [["models", "add", "small", "builtin:demo"], { name: "small", source: "builtin:demo" }],
  [["models", "add", "small", "--source", "org/m"], { name: "small", source: "org/m" }],
  [["models", "add", "org/m", "--name", "small"], { name: "small", source: "org/m" }],
  [["models", "add", "--source", "org/m"], { source: "org/m" }],
  [["endpoints", "create", "org/m"], { model: "org/m" }],
  [["endpoints", "create", "--model", "org/m"], { model: "org/m" }],
  [
    ["models", "create", "small", "org/m", "--context-tokens", "512", "--slots", "2"],
    { name: "small", source: "org/m", context_tokens: 512, concurrency: 2 },
  ],
  [
    ["models", "update", "small", "--context", "512", "--concurrency", "2"],
    { context_tokens: 512, concurrency: 2 },
  ],
  [
    ["endpoints", "update", "chat", "--context-tokens", "512", "--slots", "2"],
    { context_tokens: 512, concurrency: 2 },
  ],
  [
    ["endpoints", "create", "org/m", "--sleep-in-place", "60", "--context", "512"],
    { model: "org/m", l1_timeout_s: 60, context_tokens: 512 },
  ],
  [["endpoints", "add", "org/m", "--l1", "unlimited"], { model: "org/m", l1_timeout_s: null }],
  [["keys", "add", "ci"], { name: "ci" }],
])("%j sends %j", async ([noun = "", ...words], body) => {
  await run(noun, ...words);
  expect(asked.map((one) => one.body)).toEqual([body]);
});

test.each([
  [["keys", "revoke", "ci"], "DELETE /api/keys/key_1"],
  [["keys", "revoke", "key_4"], "DELETE /api/keys/key_4"],
  [["keys", "revoke", "of/another"], "DELETE /api/keys/of%2Fanother"],
  [["users", "remove", "ada@example.org"], "DELETE /api/users/user_1"],
  [["hosts", "drain", "gpu1"], "POST /api/hosts/host_1/drain"],
  [["hosts", "remove", "host_1"], "DELETE /api/hosts/host_1"],
  [["keys", "delete", "ci"], "DELETE /api/keys/key_1"],
  [["keys", "remove", "ci"], "DELETE /api/keys/key_1"],
  [["users", "delete", "ada@example.org"], "DELETE /api/users/user_1"],
  [["hosts", "delete", "host_1"], "DELETE /api/hosts/host_1"],
  [["models", "delete", "small"], "DELETE /api/models/small"],
  [["models", "remove", "small"], "DELETE /api/models/small"],
  [["endpoints", "remove", "chat"], "DELETE /api/endpoints/chat"],
])("%j means %s: a name stands for its id, an id before a name", async (argv, request) => {
  const [noun = "", ...words] = argv;
  await run(noun, ...words);
  expect(asked.map(({ method, path }) => `${method} ${path}`)).toEqual([request]);
});

test("a name that two have is refused with their ids, and nothing is ended", async () => {
  const { code, err } = await run("keys", "revoke", "twice");
  expect([code, err]).toEqual([2, "2 have this name. Say which by its id: key_2, key_3."]);
  expect(asked).toEqual([]);
});

test.each([
  [["keys", "create"], "One NAME is needed, after the verb or with --name."],
  [["keys", "create", "a", "--name", "b"], "Write it once: after the verb, or with --name."],
  [
    ["keys", "create", "nightly", "batch"],
    "One NAME is needed, not 2 words; quote words that contain spaces",
  ],
  [["keys", "list", "mine"], "keys list takes options only."],
  [["users", "create", "a@b.c", "hunter2-hunter2"], "Write: hypervize users create ADDRESS --pass"],
  [["users", "create", "a@b.c"], "--password is needed."],
  [["hosts", "join-token", "gpu1"], "Write: hypervize hosts join-token [--expires-in SECONDS]"],
  [["hosts", "drain", "gpu1", "gpu2"], "One ID is needed, not 2 words"],
  [["models", "update", "small", "org/m"], "models update NAME [--source SOURCE]"],
  [["models", "add", "small", "org/m", "--source", "org/n"], "One NAME and one SOURCE are needed."],
  [["models", "add", "a", "b", "c"], "One NAME and one SOURCE are needed, not 3 words"],
  [["endpoints", "update", "chat", "org/m"], "endpoints update ID [--model MODEL]"],
  [["usage", "list", "day"], "Write: hypervize usage list [--by"],
  [
    ["usage", "day"],
    '"usage day" is not a command; there are: list. See `hypervize usage --help`.',
  ],
  [
    ["models", "update", "small", "--context", "512", "--context-tokens", "1024"],
    "--context and --context-tokens are two names of one option",
  ],
  [["endpoints", "create", "org/m", "--slots", "none"], "--slots takes a whole number"],
  [["endpoints", "create", "org/m", "--n-slots", "0"], "--n-slots takes a whole number"],
  [
    ["models", "destroy", "small"],
    "there are: list, create, show, update, enable, disable, retry, delete.",
  ],
])("%j is refused before anything is asked, with what to write", async (argv, sentence) => {
  const [noun = "", ...words] = argv;
  expect(await run(noun, ...words)).toEqual({
    code: 2,
    out: "",
    err: expect.stringContaining(sentence),
  });
  expect(asked).toEqual([]);
});

test("days are dates, and those without a request are left out", async () => {
  lists["/api/usage"] = [
    { key: 86_400_000, requests: 0, errors: 0, prompt_tokens: 0, completion_tokens: 0, cost: 0 },
    { key: 172_800_000, requests: 2, errors: 1, prompt_tokens: 3, completion_tokens: 4, cost: 0.5 },
  ];
  expect((await run("usage", "list", "--by", "day")).out).toBe(
    "DAY         REQUESTS  ERRORS  PROMPT_TOKENS  COMPLETION_TOKENS  COST\n1970-01-03  2         1       3              4                  0.5",
  );
  expect((await run("usage")).out).toContain("86400000");
});

test("a word too many is never repeated: it may be a password", async () => {
  const { err } = await run("users", "create", "a@b.c", "hunter2-hunter2");
  expect(err).not.toContain("hunter2");
});

test.each([
  ["models", "models create NAME SOURCE", "add for create, remove for delete."],
  ["users", "users delete ID|ADDRESS", "add for create, remove for delete."],
  ["keys", "keys delete ID|NAME", "add for create, revoke for delete, remove for delete."],
  ["hosts", "hosts delete ID|NAME", "remove for delete."],
  ["endpoints", "--sleep-in-place SECONDS", "also --l1"],
  ["endpoints", "--context TOKENS", "also --context-tokens"],
  ["models", "--concurrency N", "also --slots, --n-slots"],
])("the help of %s shows `%s` and mentions `%s`", (name, chosen, alias) => {
  const command = adminCommands.find((one) => one.name === name);
  if (!command) throw new Error("There is no such command.");
  const text = help(command);
  expect(text).toContain(chosen);
  expect(text).toContain(alias);
  expect(text).not.toMatch(/ (?:add|remove|revoke) [A-Z]/);
});
