/** The pages of docs/. What is not here goes to the sandbox as it stands, or is in `common.ts`. */
import { agent, is_root, unit } from "./common.ts";
import type { Line, Page } from "./line.ts";

const page = (name: string, lines: Readonly<Record<string, Line>> = {}): Page => ({
  file: `docs/${name}.md`,
  lines,
});
const installed = (options: string): Line => ({
  because: is_root,
  run: `./install.sh --root "$ROOT" ${options}`,
});
const has_no_docker = "there may be no Docker here";
const llama =
  '--llama-server "$(cd "$CHECKOUT" && sh .ci/get-llama-server.sh .tools/llama-server)"';

export const docs: readonly Page[] = [
  page("start", {
    "hypervize hosts list": { says: /^ID +NAME +STATUS +CORDONED +DRAINING +VIA +LABELS/ },
    "hypervize models add qwen Qwen/Qwen3-0.6B-GGUF:Q8_0 --replicas 1 --wait": {
      says: /^qwen is up\b/m,
    },
    "export KEY=hv_…": { because: "… stands for the rest of the key", run: 'test -n "$KEY"' },
  }),
  page("requirements", {
    "hypervize size": { because: "it wants a model", run: "hypervize size --help" },
  }),
  page("install", {
    "./install.sh --port 80": installed("--port 80"),
    "docker build -t hypervize .": {
      because: has_no_docker,
      run: 'grep -x \'CMD \\["serve"\\]\' "$CHECKOUT/Dockerfile"',
    },
    "docker run -d --name hypervize --restart unless-stopped -p 8080:8080 -p 8443:8443 -v hypervize:/data hypervize serve --advertise appliance.example.org:8443":
      {
        because: has_no_docker,
        run: 'grep -x \'ENTRYPOINT \\["hypervize"\\]\' "$CHECKOUT/Dockerfile" && hypervize serve --advertise appliance.example.org:8443',
        code: 1,
        says: /already serves/,
      },
    "docker exec hypervize hypervize hosts join-token": {
      because: has_no_docker,
      run: "hypervize hosts join-token",
    },
    "hypervize serve --home /srv/hypervize --port 8080 --agent-port 8443": {
      because: "the sandbox's appliance serves this home already",
      run: "hypervize serve --port 8080 --agent-port 8443",
      code: 1,
      says: /already serves/,
    },
    "hypervize agent --home /srv/agent --join TOKEN --llama-server /opt/llama/llama-server": agent(
      "--llama-server /opt/llama/llama-server",
    ),
    "./install.sh --uninstall --agent": installed("--uninstall --agent"),
    "./install.sh --uninstall": installed("--uninstall"),
    "./install.sh --uninstall --purge": installed("--uninstall --purge"),
  }),
  page("hosts", {
    "hypervize agent --vllm /opt/vllm/bin/vllm": agent("--vllm /opt/vllm/bin/vllm"),
    "hypervize agent --vllm-image vllm/vllm-openai:v0.32.0": agent(
      "--vllm-image vllm/vllm-openai:v0.32.0",
    ),
    "hypervize agent --label region=eu --label pool=a": agent("--label region=eu --label pool=a"),
    "hypervize agent --relay-port 9444": agent("--relay-port 9444"),
    "hypervize agent --tunnel": agent("--tunnel"),
    "./install.sh --agent --llama-server /opt/llama-cuda/llama-server": {
      because: is_root,
      run: `./install.sh --root "$ROOT" --agent --join TOKEN ${llama}`,
    },
    'exec docker run --rm --network=host --gpus all --user "$(id -u):$(id -g)" -e CUDA_VISIBLE_DEVICES -e HYPERVIZE_REPLICA -e SPT_NOENV -v /var/lib/hypervize-agent:/var/lib/hypervize-agent:ro IMAGE "$@"':
      {
        because: `${has_no_docker}; the variables are those that the agent marks its processes by`,
        run: 'grep -q \'"HYPERVIZE_REPLICA", "SPT_NOENV"\' "$CHECKOUT/agent/runtimes/container.ts"',
      },
    "podman ps": { because: "there may be no Podman here", run: "true" },
    "usermod -aG docker hypervize-agent": {
      because: "it takes root and the installed agent's user, whose name is",
      run: 'grep ^User=hypervize-agent "$CHECKOUT/.ci/hypervize-agent.service"',
    },
  }),
  page("models", {
    "hypervize models add small org/model:Q4_K_M --replicas 1 --wait": { says: /small is up/ },
    "hypervize endpoints create org/model:Q4_K_M --name helper --idle 900 --wait": {
      says: /helper is up: http/,
    },
    "hypervize size s3://bucket/folder": {
      because: "there is no store",
      run: "hypervize size s3://bucket/folder",
      code: 1,
      says: /set AWS_ENDPOINT_URL/,
    },
    'hypervize size ./model-Q4_K_M.gguf --gpu "RTX 4090"': { says: /verdict/ },
  }),
  page("api", {
    "HYPERVIZE_URL=http://localhost:8080 HYPERVIZE_API_KEY=$ADMIN_KEY hypervize models list --json":
      {
        says: /"hypervize-demo"/,
      },
  }),
  page("access", {
    'hypervize keys revoke "weekly report"': { says: /is revoked; 0 open requests were cut/ },
    "hypervize users remove ada@example.org": { says: /Deleted, with their keys and sessions/ },
  }),
  page("operate", {
    "systemctl stop hypervize": unit("hypervize"),
    "cp -a /var/lib/hypervize /var/lib/hypervize.before": {
      because: is_root,
      run: 'cp -a "$HYPERVIZE_HOME" "$ROOT.before" && test -f "$ROOT.before/hypervize.db"',
    },
    "./install.sh --agent": installed("--agent --join TOKEN"),
    'journalctl -u hypervize-agent --since "1 hour ago"': unit("hypervize-agent"),
    'curl http://localhost:8080/metrics -H "authorization: Bearer $ADMIN_KEY"': {
      says: /^hypervize_requests_total/m,
    },
  }),
  page("air-gap", {
    "sh .ci/get-llama-server.sh .tools/llama-server": {
      because: "it is run in the checkout",
      run: 'cd "$CHECKOUT" && sh .ci/get-llama-server.sh .tools/llama-server',
      says: /llama-server$/m,
    },
    './install.sh --agent --join TOKEN --llama-server "$PWD/.tools/llama-server/llama-server"': {
      because: is_root,
      run: `./install.sh --root "$ROOT" --agent --join TOKEN ${llama}`,
    },
    "hypervize endpoints create org/repo:Q4_K_M --name site --wait": { says: /site is up: http/ },
  }),
  page("trouble", {
    "hypervize models retry NAME": {
      because: "NAME stands for a model",
      run: "hypervize models retry hypervize-demo --wait",
    },
    "systemctl stop": unit("hypervize"),
  }),
  page("settings"),
  page("glossary"),
];
