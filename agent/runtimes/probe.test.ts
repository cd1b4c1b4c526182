import { afterEach, expect, test } from "bun:test";
import { StartError } from "../replicas/start-error.ts";
import { sglang, vllm } from "./engine.ts";
import { llamaServer } from "./llama-server.ts";

const guard = { folder: ".", key: "k" };
const drivers = {
  vLLM: vllm({ guard }),
  SGLang: sglang({ guard }),
  "llama-server": llamaServer(),
};
const servers: Bun.Server<undefined>[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.stop(true))));

type Route = number | { status: number; body: string };

/** A runtime whose routes answer so, and 404 all others. */
function runtime(routes: Record<string, Route>): number {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const { pathname } = new URL(request.url);
      const form = pathname === "/v1/audio/transcriptions" && (await request.formData());
      if (form && (form.get("model") !== "m" || !(form.get("file") instanceof Blob))) {
        return new Response("", { status: 422 });
      }
      const route = routes[pathname] ?? 404;
      if (typeof route === "number") return new Response("{}", { status: route });
      return new Response(route.body, { status: route.status });
    },
  });
  servers.push(server);
  return server.port ?? 0;
}

const probed = (name: keyof typeof drivers, routes: Record<string, Route>): Promise<unknown> =>
  drivers[name].probe(runtime(routes), "m", AbortSignal.timeout(5000)).then(
    () => "ready",
    (error: unknown) => error,
  );

/** What vLLM 0.32 answered for a model without a tokenizer. */
const words = "As of transformers v4.44, default chat template is no longer allowed";
const everywhere = (route: Route) =>
  Object.fromEntries(
    ["/v1/chat/completions", "/v1/completions", "/completion"].map((path) => [path, route]),
  );

test.each([
  ["OpenAI's envelope", JSON.stringify({ error: { message: words, type: "BadRequestError" } })],
  ["a bare error", JSON.stringify({ error: words })],
  ["vLLM's before 0.10", JSON.stringify({ object: "error", message: words, code: 400 })],
  ["FastAPI's", JSON.stringify({ detail: words })],
  ["plain text", words],
] as const)(
  "a request that is refused ends the start with the engine's words: %s",
  async (_, body) => {
    for (const name of ["vLLM", "SGLang", "llama-server"] as const) {
      const refusal = await probed(name, everywhere({ status: 400, body }));
      expect(refusal).toBeInstanceOf(StartError);
      expect(refusal).toMatchObject({
        failure_class: "config",
        retry: false,
        message: `${name} has loaded the model but refuses a one-token request with HTTP 400: ${words}`,
      });
    }
  },
);

test("a web page is not quoted, and a long sentence is cut", async () => {
  const page = { status: 400, body: "<html>nginx</html>" };
  expect(await probed("vLLM", everywhere(page))).toMatchObject({
    message: "vLLM has loaded the model but refuses a one-token request with HTTP 400.",
  });
  const long = { status: 422, body: JSON.stringify({ error: { message: "x".repeat(5000) } }) };
  const { message } = (await probed("vLLM", everywhere(long))) as Error;
  expect(message).toEndWith(`HTTP 422: ${"x".repeat(300)}…`);
});

test.each([500, 502, 503, 408, 429])(
  "HTTP %i may be over after another start, and is reported too",
  async (status) => {
    const body = JSON.stringify({ error: { message: "EngineCore encountered an issue." } });
    const error = await probed("vLLM", everywhere({ status, body }));
    expect(error).not.toBeInstanceOf(StartError);
    expect(error).toMatchObject({
      message: `It is healthy but answered a one-token request with HTTP ${status}: EngineCore encountered an issue.`,
    });
  },
);

test.each([
  ["speech to text only", { "/v1/audio/transcriptions": 200 }],
  ["text to speech only", { "/v1/audio/speech": 200 }],
  ["reward model", { "/classify": 200, "/pooling": 200 }],
  ["pooling alone", { "/pooling": 200 }],
  ["embeddings, chat is 404", { "/v1/embeddings": 200 }],
  ["embeddings, chat is 501", { "/v1/chat/completions": 501, "/v1/embeddings": 200 }],
  ["ranking, chat is 400", { "/v1/chat/completions": 400, "/v1/rerank": 200 }],
  ["a base model", { "/v1/chat/completions": 400, "/v1/completions": 200 }],
  ["images only", { "/v1/images/generations": 200 }],
] as const)("%s proves itself by what it makes", async (_, routes) => {
  expect(await probed("vLLM", routes)).toBe("ready");
  expect(await probed("SGLang", routes)).toBe("ready");
});

test("a server without any of the routes is refused, and not loaded again", async () => {
  expect(await probed("vLLM", {})).toMatchObject({
    failure_class: "config",
    retry: false,
    message: "vLLM has loaded the model but refuses a one-token request with HTTP 404.",
  });
});
