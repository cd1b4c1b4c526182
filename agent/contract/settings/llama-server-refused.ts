/** What of llama-server people may not set, each with its reason and what to use instead. */

const ends = "it prints something and ends";
const file = "it opens a file on the host";
const adapter = "it opens a file on the host. Merge it into the weights";
const model = "what is run is the endpoint's `model`";
const draft =
  "it is for a draft model, which would need a file and memory that nobody has set aside";
const context =
  "the context and what its cache takes are the endpoint's `context_tokens` and `concurrency`";
const memory =
  'it moves memory that placement has set aside. Choose GPUs with `gpu`, or none with `gpu: {"type": "cpu"}`';
const processors = "which processors a replica gets is decided by the host";
const network = "it listens or calls out. Runtimes are reached through Hypervize alone";
const keys = "who may use it is decided by Hypervize's keys";
const programs = "it runs programs or reads files on the host for whoever asks";
const log = "prompts must not reach the log, so what is logged is decided by the agent";
const agents = "the agent decides it";
const gone = "this build of llama-server only knows that it is gone";

export const refusedByLlamaServer: readonly (readonly [names: string, reason: string])[] = [
  ["-h --help --usage --version -cl --cache-list --completion-bash --list-devices", ends],
  ["-C --cpu-mask -Cr --cpu-range --cpu-strict --prio --numa", processors],
  ["-Cb --cpu-mask-batch -Crb --cpu-range-batch --cpu-strict-batch --prio-batch", processors],
  ["-c --ctx-size --swa-full -np --parallel -kvu --kv-unified -no-kvu --no-kv-unified", context],
  ["--kv-unified-per-slot -fitc --fit-ctx", context],
  ["-kvo --kv-offload -nkvo --no-kv-offload --no-host -dev --device", memory],
  ["-ot --override-tensor -cmoe --cpu-moe -ncmoe --n-cpu-moe --moe-cache-mib -ncffn", memory],
  ["--n-cpu-ffn -ts --tensor-split -mg --main-gpu -fit --fit -fitt --fit-target", memory],
  ["--mmproj-offload --no-mmproj-offload -mmdev --mmproj-device -cram --cache-ram", memory],
  ["-e --escape --no-escape", "a server has no prompt on its command line"],
  ["-dt --defrag-thold", gone],
  ["--draft --draft-n --draft-max --draft-min --draft-n-min", gone],
  ["--spec-ngram-size-n --spec-ngram-size-m --spec-ngram-min-hits", gone],
  ["--rpc", network],
  ["--lora --lora-scaled --lora-init-without-apply", adapter],
  ["--control-vector --control-vector-scaled --control-vector-layer-range", adapter],
  ["-m --model -mu --model-url -dr --docker-repo -hf -hfr --hf-repo -hff --hf-file", model],
  ["--embd-gemma-default --fim-qwen-1.5b-default --fim-qwen-3b-default", model],
  ["--fim-qwen-7b-default --fim-qwen-7b-spec --fim-qwen-14b-spec", model],
  ["--fim-qwen-30b-default --gpt-oss-20b-default --gpt-oss-120b-default", model],
  ["--vision-gemma-4b-default --vision-gemma-12b-default", model],
  ["-hft --hf-token", "it would lie in the open. Use the endpoint's `hf_token`"],
  ["--log-disable --log-file --log-jsonl --no-log-jsonl --log-colors -v --verbose", log],
  ["--log-verbose -lv --verbosity --log-verbosity --log-prefix --no-log-prefix", log],
  ["--log-timestamps --no-log-timestamps --log-prompts-dir", log],
  ["--offline --threads-http --metrics --slots --no-slots --props", agents],
  ["-a --alias --tags", "its name is the endpoint's"],
  ["--grammar -j --json-schema", "requests say it in `response_format` or `grammar`"],
  ["--grammar-file -jf --json-schema-file", `${file}. Requests say it in \`response_format\``],
  ["-r --reverse-prompt", "requests say it in `stop`"],
  ["--chat-template-file", `${file}. Write the template into \`--chat-template\``],
  ["--spec-draft-type-k -ctkd --cache-type-k-draft --spec-draft-type-v -ctvd", draft],
  ["--cache-type-v-draft --spec-draft-hf -hfd -hfrd --hf-repo-draft --spec-draft-threads", draft],
  ["-td --threads-draft --spec-draft-threads-batch -tbd --threads-batch-draft", draft],
  ["--spec-draft-cpu-mask -Cd --cpu-mask-draft --spec-draft-cpu-range -Crd", draft],
  ["--cpu-range-draft --spec-draft-cpu-strict --cpu-strict-draft --spec-draft-prio", draft],
  ["--prio-draft --spec-draft-poll --poll-draft --spec-draft-cpu-mask-batch -Cbd", draft],
  ["--cpu-mask-batch-draft --spec-draft-cpu-strict-batch --cpu-strict-batch-draft", draft],
  ["--spec-draft-prio-batch --prio-batch-draft --spec-draft-poll-batch", draft],
  ["--poll-batch-draft --spec-draft-override-tensor -otd --override-tensor-draft", draft],
  ["--spec-draft-cpu-moe -cmoed --cpu-moe-draft --spec-draft-n-cpu-moe", draft],
  ["--spec-draft-ncmoe -ncmoed --n-cpu-moe-draft --spec-draft-n-ubatch", draft],
  ["--spec-draft-backend-sampling --no-spec-draft-backend-sampling", draft],
  ["--spec-draft-sampling --spec-draft-device -devd --device-draft --spec-draft-ngl", draft],
  ["-ngld --gpu-layers-draft --n-gpu-layers-draft --spec-draft-model -md", draft],
  ["--model-draft", draft],
  ["--spec-synth-len --spec-synth-rates", "it makes answers up, for benchmarks"],
  ["-lcs --lookup-cache-static -lcd --lookup-cache-dynamic", file],
  ["-mm --mmproj", `${file}. What belongs to a model is taken from where it lies`],
  ["-mmu --mmproj-url", network],
  ["--video-ffmpeg-dir --tools --tools-runtime --mcp-servers-config", programs],
  ["--mcp-servers-json -ag --agent -no-ag --no-agent", programs],
  ["--host --port --reuse-port --path --api-prefix", network],
  ["--cors-origins --cors-methods --cors-headers --cors-credentials", network],
  ["--no-cors-credentials --ui --webui --no-ui --no-webui --ui-config", network],
  ["--webui-config --ui-mcp-proxy --webui-mcp-proxy --no-ui-mcp-proxy", network],
  ["--no-webui-mcp-proxy", network],
  ["--ui-config-file --webui-config-file --slot-save-path --media-path", file],
  ["--api-key --api-key-file --ssl-key-file --ssl-cert-file", keys],
  ["--models-dir --models-preset --models-max --models-autoload", model],
  ["--no-models-autoload", model],
  ["--sleep-idle-seconds", "when it sleeps is the endpoint's `idle_timeout_s`"],
];
