import type { Page } from "./line.ts";

const token = "$(hypervize hosts join-token --json | field token)";
const endpoint = "$(hypervize endpoints list --json | field data.0.id)";
const fingerprint = `$(hypervize bundle export - --model org/repo:Q4_K_M 2>&1 >/dev/null | sed -n 's/.*by the key \\([0-9a-f]*\\).*/\\1/p')`;
const is_root = "it makes a service, which takes root and systemd";
const has_no_host = "it would be an agent that goes on for ever";
/** The options are read before the token is missed. */
const agent = (options: string) => ({
  because: has_no_host,
  run: `hypervize agent ${options} --home "$ROOT/agent"`,
  code: 1,
  says: /has not joined/,
});

export const readme: Page = {
  file: "README.md",
  lines: {
    "./install.sh --demo": {
      because: "it goes on until Ctrl-C; the sandbox has started by it, with --detach",
      run: "./install.sh --demo --detach --port $PORT",
      says: /already running/,
    },
    "npm test": {
      because: "it is what runs this",
      run: "npm run | grep -A1 '^  *test$' | grep -F .ci/test.ts",
    },
    [`curl http://localhost:8080/v1/chat/completions -H "authorization: Bearer $KEY" -H "content-type: application/json" -d '{"model":"hypervize-demo","messages":[{"role":"user","content":"Hello"}]}'`]:
      { says: /"choices"/ },
    'hypervize keys create "nightly batch" --rpm 60 --tpm 20000 --parallel 4 --budget 20 --model smart --cidr 10.0.0.0/8':
      { says: /^hv_/ },
    "./install.sh": {
      because: is_root,
      run: './install.sh --root "$ROOT" && test -x "$ROOT/usr/local/bin/hypervize"',
    },
    "hypervize hosts join-token": { says: /\.\/install\.sh --agent --join hvj_/ },
    "./install.sh --agent --join TOKEN": {
      because: is_root,
      run: `./install.sh --root "$ROOT" --agent --join "${token}"`,
    },
    "hypervize agent --relay-port N": agent("--relay-port 9444"),
    "hypervize agent --tunnel": agent("--tunnel"),
    "hypervize hosts remove": {
      because: "the sandbox needs its only host",
      run: "hypervize hosts remove nobody",
      code: 1,
      says: /no host with this id/,
    },
    "hypervize serve": {
      because: "the sandbox's appliance serves this home already",
      code: 1,
      run: "hypervize serve",
      says: /already serves/,
    },
    "hypervize status": { says: /hypervize-demo +up/ },
    "systemctl restart hypervize": {
      because: is_root,
      run: './install.sh --root "$ROOT" && test -f "$ROOT/etc/systemd/system/hypervize.service"',
    },
    "hypervize --help": { says: /^usage/ },
    "hypervize COMMAND --help": {
      because: "COMMAND stands for any",
      run: "for one in $(hypervize --help | sed -n 's/^  \\([a-z]*\\)  .*/\\1/p'); do hypervize $one --help; done",
      says: /usage: hypervize usage/,
    },
    "hypervize agent --vllm-image vllm/vllm-openai:v0.11.2": agent(
      "--vllm-image vllm/vllm-openai:v0.11.2",
    ),
    "usermod -aG docker hypervize-agent": {
      because: "it takes root and the installed agent's user, whose name is",
      run: './install.sh --root "$ROOT" --agent --join x && grep ^User=hypervize-agent "$ROOT"/etc/systemd/system/*',
    },
    "hypervize models add small org/model:Q4_K_M --replicas 2 --wait": {
      because: "the sandbox has one host",
      run: "hypervize models add small org/model:Q4_K_M --replicas 1 --wait",
      says: /small is up/,
    },
    "hypervize models list|show|update|retry|disable|enable|remove": {
      each: {
        list: "",
        show: "small",
        update: "small --slots 2",
        retry: "small",
        disable: "small",
        enable: "small",
        remove: "small",
      },
    },
    "hypervize size s3://…": {
      because: "there is no store",
      run: "hypervize size s3://bucket/folder",
      code: 1,
      says: /set AWS_ENDPOINT_URL/,
    },
    "hypervize endpoints create org/model:Q4_K_M --idle 900 --wait": { says: /is up: http/ },
    "curl http://localhost:8080/api/d/endpt-…/chat/completions …": {
      because: "… stands for an id and for a body",
      run: `curl http://localhost:8080/api/d/${endpoint}/chat/completions -H "authorization: Bearer $KEY" -H 'content-type: application/json' -d '{"messages":[{"role":"user","content":"Hello"}]}'`,
      says: /"choices"/,
    },
    "hypervize endpoints list|show|update|pause|resume|sleep|wake|delete|events|logs": {
      each: {
        list: "",
        show: endpoint,
        events: endpoint,
        logs: endpoint,
        sleep: endpoint,
        wake: `${endpoint} --wait`,
        pause: endpoint,
        resume: `${endpoint} --wait`,
        update: `${endpoint} --idle 600`,
        delete: endpoint,
      },
    },
    "hypervize agent --vllm PATH": agent("--vllm /bin/true --sglang /bin/true"),
    "hypervize agent --label region=eu": agent("--label region=eu"),
    "hypervize hosts drain ID": {
      because: "ID stands for a host; the sandbox's takes replicas again afterwards",
      run: `host=$(hypervize hosts list --json | field data.0.name); hypervize hosts drain "$host"; hypervize hosts uncordon "$host"`,
    },
    "hypervize doctor": {
      because: "what is wrong here is this machine's affair, and so is its disk's speed",
      run: "hypervize doctor --quick || [ $? = 1 ]",
      says: /\d+ failed, \d+ to look at/,
    },
    "hypervize bundle export site.hvb --model org/repo:Q4_K_M --runtime llama-server": {
      says: /Signed by the key [0-9a-f]{64}/,
    },
    "hypervize bundle import site.hvb --trust FINGERPRINT --home AGENT_HOME": {
      because: "the fingerprint is that of the sandbox's own key, the home a new one",
      run: `hypervize bundle import site.hvb --trust "${fingerprint}" --home "$ROOT/other"`,
      says: /Imported what/,
    },
    "hypervize bundle import site.hvb --trust FINGERPRINT --facts-only": {
      because: "the fingerprint is that of the sandbox's own key",
      run: `hypervize bundle import site.hvb --trust "${fingerprint}" --facts-only`,
      says: /Imported what/,
    },
    "hypervize size Qwen/Qwen3-32B --config config.json --gpu H100-80 --context 32000": {
      says: /verdict/,
    },
    'hypervize size ./model-Q4_K_M.gguf --gpu "RTX 4090"': { says: /verdict/ },
    "hypervize size org/model-70B-AWQ --json": { says: /"verdict"/ },
    "npm run x -- status": { says: /hypervize-demo +up/ },
    "npm run test:fast": {
      because: "it is most of the tests beside this one",
      run: "npm run | grep -F 'test.ts --fast'",
    },
    "npm test -- src/cli": {
      because: "these tests run beside this one",
      run: "npm test -- src/cli/meter.test.ts",
      says: /\d+ passed, 0 failed\n$/,
    },
    "npm run test:only -- src/cli": {
      because: "these tests run beside this one",
      run: "npm run test:only -- src/cli/meter.test.ts",
      says: /0 fail/,
    },
    "npm run check": {
      because:
        "it is three of the steps of npm test; .ci/prepare.test.ts says that it is all of them",
      run: "npm run | grep -F 'biome ci .; tsc; knip'",
    },
    "npm run format": {
      because: "it would change the checkout",
      run: "npm run format -- --help",
      says: /biome check/,
    },
    "npm run build": { says: /hypervize/ },
    "npm run bench -- --short --json": {
      because: "it measures for a minute, on an idle machine",
      run: "npm run bench -- --short --json --help",
      says: /usage: npm run bench/,
    },
    "npm run bench:fleet": {
      because: "it measures for a minute",
      run: "npm run | grep -F bench-fleet.ts",
    },
    "npm run simulate -- --seed 7 --hours 24": { says: /1 stories of 24 h/ },
    "npm run migrations": {
      because: "it would write into the checkout where a table has changed",
      run: 'cd "$CHECKOUT" && sh .ci/prepare.sh --only packages drizzle-kit check --config migrations/drizzle.config.ts',
    },
  },
};
