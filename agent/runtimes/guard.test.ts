import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { guard_key, openGuard } from "./guard.ts";

const home = mkdtempSync(join(tmpdir(), "hypervize-guard-"));
afterAll(() => rmSync(home, { recursive: true }));

/** The protocol that vLLM's server speaks to its middleware (ASGI 3), with an application that always answers 200. */
const program = `
import asyncio, json, sys
from hypervize_guard import Guard
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
async def ask(kind, path, headers):
    sent = []
    async def send(message): sent.append(message)
    scope = {"type": kind, "path": path, "headers": [(k.encode(), v.encode()) for k, v in headers.items()]}
    await Guard(app)(scope, None, send)
    return sent[0].get("status", sent[0]["type"])
print(json.dumps([asyncio.run(ask(*asked)) for asked in json.loads(sys.argv[1])]))
`;

type Asked = [kind: string, path: string, headers: Record<string, string>];

async function statuses(asked: Asked[], env: Record<string, string>): Promise<unknown> {
  const python = Bun.spawn(["python3", "-B", "-c", program, JSON.stringify(asked)], {
    env: { PATH: process.env["PATH"], ...env },
    stderr: "inherit",
  });
  return JSON.parse(await new Response(python.stdout).text());
}

test.skipIf(Bun.which("python3") === null)(
  "what serves is open, sleep needs the key, and what runs code is not there",
  async () => {
    const { folder, key } = await openGuard(home);
    const env = { PYTHONPATH: folder, [guard_key]: key };
    const shown = { "x-hypervize-guard": key };
    const asked: [Asked, number | string][] = [
      [["http", "/v1/chat/completions", {}], 200],
      [["http", "/health", {}], 200],
      [["http", "/metrics", {}], 200],
      [["http", "/sleep", {}], 404],
      [["http", "/sleep", { "x-hypervize-guard": `${key}0` }], 404],
      [["http", "/sleep", { "x-hypervize-guard": "" }], 404],
      [["http", "/sleep", shown], 200],
      [["http", "/is_sleeping", shown], 200],
      [["http", "/wake_up", shown], 200],
      [["http", "/collective_rpc", shown], 404],
      [["http", "/v1/load_lora_adapter", shown], 404],
      [["http", "/v1/../collective_rpc", shown], 404],
      [["websocket", "/v1/realtime", shown], "websocket.close"],
      [["lifespan", "", {}], 200],
    ];
    const answers = await statuses(
      asked.map(([question]) => question),
      env,
    );
    expect(answers).toEqual(asked.map(([, answer]) => answer));
    const { [guard_key]: _, ...keyless } = env;
    expect(await statuses([["http", "/sleep", { "x-hypervize-guard": "" }]], keyless)).toEqual([
      404,
    ]);
  },
);

test("the key is made once, and only its owner reads it", async () => {
  const first = await openGuard(home);
  expect(await openGuard(home)).toEqual(first);
  expect(statSync(join(home, "key")).mode & 0o777).toBe(0o600);
});
