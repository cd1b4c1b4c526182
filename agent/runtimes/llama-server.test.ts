import { afterEach, expect, test } from "bun:test";
import { devNull } from "node:os";
import demo from "../weights/demo/hypervize-demo.gguf" with { type: "file" };
import { abilitiesIn, inFlightOf, llamaServer } from "./llama-server.ts";

const executable = process.env["HYPERVIZE_LLAMA_SERVER"] ?? "llama-server";
const signal = new AbortController().signal;
const servers: Bun.Server<undefined>[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.stop(true))));

/** A server that answers each path with a status, 404 for the others; it notes what was asked. */
function answering(statuses: Record<string, number>, body = "{}") {
  const asked: string[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => {
      const { pathname } = new URL(request.url);
      asked.push(pathname);
      return new Response(body, { status: statuses[pathname] ?? 404 });
    },
  });
  servers.push(server);
  return { port: server.port ?? 0, asked };
}

const launch = {
  spec: {
    id: "rep_a",
    epoch: 1,
    model: "m",
    runtime: "llama-server",
    source: "file:///m.gguf",
    context_tokens: 1,
    slots: 1,
    args: [],
    devices: [],
    env: {},
    hf_token: "",
  },
  weights_path: devNull,
  weights_bytes: 1,
  port: 1,
  host: { memory_bytes: 1, gpu_count: 0 },
};

test("finds the installed llama-server and its version", async () => {
  const found = await llamaServer(executable).detect();
  expect(found).toMatchObject({ name: "llama-server", path: expect.stringMatching(/^\//) });
  expect(found?.version).not.toBe("unknown");
});

test.each(["/no/such/llama-server", "/bin/true", "/bin/false"])("%s is none", async (path) => {
  const driver = llamaServer(path);
  expect(await driver.detect()).toBeUndefined();
  await expect(driver.plan(launch)).rejects.toThrow("start the agent with --llama-server PATH");
});

test.each([
  [["GPU-1a2b", "GPU-3c4d"], { CUDA_VISIBLE_DEVICES: "GPU-1a2b,GPU-3c4d" }],
  [["cpu"], { CUDA_VISIBLE_DEVICES: "" }],
  [[], {}],
])("a replica on %j sees the GPUs %j", async (devices, env) => {
  const spec = { ...launch.spec, devices };
  const plan = await llamaServer(executable).plan({ ...launch, spec, weights_path: demo });
  expect(plan.env).toEqual(env);
});

test("the flags are read from the beginning of a help line, not from its text", () => {
  const help = `----- common params -----

-c,    --ctx-size N                     size, see --other-flag and -x
--slots, --no-slots                     expose slots
-nkvo, --no-kv-offload
                                        whether to --offload
-lv,   --verbosity N                    Values:
                                         - 1: error
`;
  const { flags, has_log_levels } = abilitiesIn(help);
  expect([...flags]).toEqual(
    "-c --ctx-size --slots --no-slots -nkvo --no-kv-offload -lv --verbosity".split(" "),
  );
  expect(has_log_levels).toBe(true);
  expect(abilitiesIn("-lv, --verbosity N   set the threshold").has_log_levels).toBe(false);
});

test("requests in flight are those processed and those that wait", () => {
  const metrics = `# HELP llamacpp:requests_processing Number of requests processing.
llamacpp:requests_processing 2
llamacpp:requests_deferred 3
llamacpp:prompt_tokens_total 900
`;
  expect(inFlightOf(metrics)).toBe(5);
  expect(inFlightOf("")).toBe(0);
});

test("ready means health 200; loading, another program and nobody do not", async () => {
  const driver = llamaServer(executable);
  expect(await driver.ready(answering({ "/health": 200 }).port, signal)).toBe(true);
  expect(await driver.ready(answering({ "/health": 503 }).port, signal)).toBe(false);
  expect(await driver.ready(answering({}).port, signal)).toBe(false);
  expect(await driver.ready(1, signal)).toBe(false);
});

test("a model without a chat template is probed by a plain completion", async () => {
  const { port, asked } = answering({ "/v1/chat/completions": 500, "/completion": 200 });
  await llamaServer(executable).probe(port, "m", signal);
  expect(asked).toEqual(["/v1/chat/completions", "/completion"]);
  const broken = answering({ "/v1/chat/completions": 500, "/completion": 500 });
  await expect(llamaServer(executable).probe(broken.port, "m", signal)).rejects.toThrow(
    "answered a one-token request with HTTP 500",
  );
});

test.each(["/v1/embeddings", "/v1/rerank"])("a model for %s is probed by that", async (path) => {
  const { port, asked } = answering({ [path]: 200 });
  await llamaServer(executable).probe(port, "m", signal);
  expect(asked.at(-1)).toBe(path);
});

test("a proxy in the environment does not come between the agent and its runtime", async () => {
  const { port } = answering({ "/health": 200 });
  const proxy = answering({ "/health": 503 });
  const check = Bun.spawn(
    [
      process.execPath,
      "-e",
      `import { llamaServer } from ${JSON.stringify(`${import.meta.dir}/llama-server.ts`)};
       console.log(await llamaServer().ready(${port}, new AbortController().signal));`,
    ],
    { env: { ...process.env, http_proxy: `http://127.0.0.1:${proxy.port}` }, stdout: "pipe" },
  );
  expect((await new Response(check.stdout).text()).trim()).toBe("true");
  expect(proxy.asked).toEqual([]);
});
