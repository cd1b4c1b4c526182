/** Arguments and variables of the host that nobody may set, by every way into an endpoint. */
import { expect, test } from "bun:test";
import { expectEnvelope } from "../../../app/access.testbed.ts";
import { changeOf, decide, demo, newEndpoint } from "./endpoints.testbed.ts";
import { type World, worldWith } from "./routes.testbed.ts";

const flags =
  `--chat-template-file --grammar-file --json-schema-file --lora --lora-scaled --control-vector --mmproj
  --mmproj-url -md --model-draft --spec-draft-hf -lcs -lcd --lookup-cache-dynamic --video-ffmpeg-dir --override-kv
  --no-metrics --version --completion-bash --model_url --slot_save_path --media_path --api_key_file --ssl_key_file
  --models_dir --reuse_port --log_file --log_prompts_dir --log_verbosity --mcp_servers_json`.split(
    /\s+/,
  );
const variables =
  `OPENSSL_CONF OPENSSL_ENGINES OMP_TOOL_LIBRARIES VK_ICD_FILENAMES VK_LAYER_PATH NCCL_NET_PLUGIN CC
  CXX NVCC_PREPEND_FLAGS CUDA_HOME http_proxy SSLKEYLOGFILE XDG_CACHE_HOME LLAMA_ARG_CHAT_TEMPLATE_FILE
  VLLM_USE_RUST_FRONTEND`.split(/\s+/);

const asked = [
  ...flags.map((flag) => ({ field: "args", settings: { args: [flag, "x"] } })),
  ...flags.map((flag) => ({ field: "args", settings: { args: [`${flag}=x`] } })),
  ...variables.map((name) => ({ field: "env", settings: { env: { [name]: "x" } } })),
];

async function send({ ask }: World, method: string, path: string, body: object) {
  const response = await ask("member", method, path, body);
  const text = await response.text();
  if (response.status >= 400) expectEnvelope(text);
  const { error } = JSON.parse(text);
  return { status: response.status, field: error?.param };
}

type Settings = (typeof asked)[number]["settings"];

const ways: readonly [string, (world: World, settings: Settings) => ReturnType<typeof send>][] = [
  [
    "a provision",
    (world, settings) => send(world, "POST", "/api/provision", { model: demo, ...settings }),
  ],
  [
    "a dry run",
    (world, settings) =>
      send(world, "POST", "/api/provision?dry_run=1", { model: demo, ...settings }),
  ],
  [
    "Hugging Face's create body",
    (world, settings) => {
      const model = { repository: demo, framework: "llamacpp", ...settings };
      return send(world, "POST", "/api/provision", { name: "hf", type: "private", model });
    },
  ],
  ["a change", (world, settings) => send(world, "PATCH", "/api/endpoints/chat", settings)],
];

test.each(ways)("%s refuses each of them, and makes nothing", async (_, by) => {
  const world = worldWith();
  const made = world.endpoints.create(newEndpoint("chat"));
  decide(world.database, world.endpoints, [changeOf(made, { status: "up" })]);
  for (const { field, settings } of asked) {
    expect([settings, await by(world, settings)]).toEqual([settings, { status: 400, field }]);
  }
  expect(world.endpoints.list()).toHaveLength(1);
  expect(world.endpoints.existing("chat").revision).toBe(1);
});

test.each(ways)("%s takes what tunes a runtime", async (_, by) => {
  const world = worldWith();
  const made = world.endpoints.create(newEndpoint("chat"));
  decide(world.database, world.endpoints, [changeOf(made, { status: "up" })]);
  const { status } = await by(world, { args: ["--temp", "0.2"] });
  expect(status).toBeLessThan(300);
});
