/** Bodies of every kind with everything wrong with them. A failure names the seed of its case. */
import { afterAll, expect, test } from "bun:test";
import { type Dice, dice } from "../../shared/http1/seeded.testbed.ts";
import { dedicated, frames, gatewayUnderTest, readyReplica } from "../gateway.testbed.ts";
import {
  type Answering,
  type ReceivedRequest,
  scriptedServer,
} from "../upstream/scripted-server.ts";
import { bodyFor, canary, formFor, kindsInJson } from "./bodies.testbed.ts";

const firstSeed = Number(process.env["HYPERVIZE_FUZZ_SEED"] ?? 1);
const malformed: string[] = [];

const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };
const answers: Readonly<Record<string, unknown>> = {
  "/v1/chat/completions": {
    choices: [{ index: 0, message: { role: "assistant", content: "Hi." }, finish_reason: "stop" }],
    usage,
  },
  "/v1/completions": { choices: [{ index: 0, text: "Hi.", finish_reason: "stop" }], usage },
  "/v1/embeddings": { data: [{ index: 0, embedding: [0.5, -1] }], usage },
  "/v1/rerank": { results: [{ index: 0, relevance_score: 0.5 }], usage },
  "/v1/audio/transcriptions": { text: "Hi." },
  "/v1/images/generations": { data: [{ b64_json: "" }] },
};

/** Does what it is asked, and remembers what it should never have been asked. */
function runtime({ path, head, body }: ReceivedRequest, answer: Answering): void {
  if (/content-type: multipart/i.test(head)) {
    answer.json(200, answers[path]);
    return;
  }
  const asked = parsed(body);
  if (asked === null || asked["model"] !== "demo") malformed.push(path);
  if (asked?.["stream"] !== true) {
    if (path === "/v1/audio/speech") answer.raw(speech);
    else answer.json(200, answers[path]);
    return;
  }
  answer.startStream();
  for (const frame of [frames.role, frames.word("Hi."), frames.stop, frames.usage, frames.done]) {
    answer.chunk(frame);
  }
  answer.finish();
}

const speech = "HTTP/1.1 200 OK\r\ncontent-type: audio/mpeg\r\ncontent-length: 3\r\n\r\nID3";

function parsed(text: string): Record<string, unknown> | null {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const server = scriptedServer(runtime);
const under = gatewayUnderTest({
  ports: [server.port],
  models: [dedicated("up", [{ ...readyReplica("rep_d", server.port) }])],
});
afterAll(async () => {
  await under.stop();
  server.stop();
});

function post(path: string, type: string, body: Uint8Array<ArrayBuffer>): Promise<Response> {
  return fetch(under.url + path, {
    method: "POST",
    headers: { authorization: "Bearer hv_first", "content-type": type },
    body,
  });
}

/** Good, or the client's fault and told so; never ours, and never with anything of the body but the model. */
async function expectHonest(response: Response): Promise<number> {
  const text = await response.text();
  expect(response.status).toBeLessThan(500);
  expect(response.headers.get("x-request-id")).toMatch(/^req_/);
  if (response.status < 400) return response.status;
  const { error } = JSON.parse(text);
  expect(Object.keys(error).sort()).toEqual(["code", "message", "param", "type"]);
  if (error.code !== "model_not_found") expect(text).not.toContain(canary);
  return response.status;
}

/** Runs COUNT cases, some at a time; returns how often there was which status. */
async function each(count: number, run: (dice: Dice) => Promise<number>) {
  const statuses: Record<number, number> = {};
  let next = firstSeed;
  const worker = async (): Promise<void> => {
    while (next < firstSeed + count) {
      const seed = next++;
      try {
        const status = await run(dice(seed));
        statuses[status] = (statuses[status] ?? 0) + 1;
      } catch (cause) {
        throw new Error(`HYPERVIZE_FUZZ_SEED=${seed} fails.`, { cause });
      }
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  return statuses;
}

function expectQuiet(): void {
  expect(under.gateway.inflight()).toBe(0);
  expect(under.routing.inflight("rep_1")).toBe(0);
  expect(under.reports.splice(0)).toEqual([]);
  expect(malformed.splice(0)).toEqual([]);
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
}

test.each(kindsInJson)(
  "/v1/%s: every body is answered, or refused for what it is",
  async (kind) => {
    const statuses = await each(200, async (dice) => {
      const response = await post(`/v1/${kind}`, "application/json", bodyFor(kind, dice));
      return await expectHonest(response);
    });
    // Both came about, or the bodies are all alike.
    expect(statuses[200]).toBeGreaterThan(10);
    expect(statuses[400]).toBeGreaterThan(10);
    expectQuiet();
  },
);

test.each(["/api/chat/completions", "/api/d/endpt-1/v1/chat/completions"])(
  "%s: the same",
  async (path) => {
    const statuses = await each(100, async (dice) => {
      return await expectHonest(
        await post(path, "application/json", bodyFor("chat/completions", dice)),
      );
    });
    expect(statuses[200]).toBeGreaterThan(10);
    expectQuiet();
  },
);

test("/v1/audio/transcriptions: every form is passed on, or refused", async () => {
  const statuses = await each(400, async (dice) => {
    const { type, body } = formFor(dice);
    return await expectHonest(await post("/v1/audio/transcriptions", type, body));
  });
  expect(statuses[200]).toBeGreaterThan(10);
  expect(statuses[400]).toBeGreaterThan(10);
  expectQuiet();
});

test("33 MB, and a model's name of 33 MB in a form, are refused", async () => {
  const body = Buffer.alloc(33 * 1024 ** 2, `{"model":"${canary}`);
  for (const kind of ["chat/completions", "embeddings"]) {
    const response = await post(`/v1/${kind}`, "application/json", body);
    expect(await expectHonest(response)).toBe(413);
  }
  const form = `--b\r\ncontent-disposition: form-data; name="model"\r\n\r\n${body}\r\n--b--`;
  const response = await post(
    "/v1/audio/transcriptions",
    "multipart/form-data; boundary=b",
    Buffer.from(form),
  );
  expect(await expectHonest(response)).toBe(400);
  expectQuiet();
});

test.each([
  "/v1/chat/completions",
  "/api/d/endpt-1/chat/completions",
  "/v1/responses",
  "/v1/messages",
])("%s: 100,000 levels are no fault of ours", async (path) => {
  const levels = "[".repeat(100_000) + "]".repeat(100_000);
  const tool = `{"type":"function","name":"f","input_schema":${levels},"parameters":${levels}}`;
  const body = `{"model":"demo","max_tokens":1,"input":"hi","messages":[{"role":"user","content":"hi"}],"x":${levels},"tools":[${tool}]}`;
  await expectHonest(await post(path, "application/json", Buffer.from(body)));
  expectQuiet();
});
