/**
 * Flags of vLLM (0.11 to 0.33) and SGLang (0.5) that tune them. Their parsers take every unambiguous beginning of a
 * flag for the flag, `_` for `-`, and many of their arguments load code, read files or call out.
 */
import { tableOf } from "./table.ts";
import {
  eachOf,
  either,
  isFlag,
  isName,
  isNumber,
  json,
  jsonOfPlain,
  listOf,
  matching,
  name,
  number,
  oneOf,
  whole,
} from "./value.ts";

/** Of 16 bits: what is sized with these would need twice the memory with 32. */
const dtype = oneOf("auto", "half", "float16", "bfloat16");
const amount = whole(1, 1_000_000);
const seed = whole(-1, 4_294_967_295);
/** `pt` and `npcache` unpickle, which runs code. */
const loading = ["auto", "safetensors", "dummy", "bitsandbytes"] as const;

const scalar = either(isNumber, isFlag, isName);

/** vLLM hands these to transformers' tokenizers, which have arguments with such names. */
const of_the_tokenizer = [
  ...["chat_template", "tokenize", "conversation", "return_dict", "return_tensors"],
  ...["tokenizer_kwargs", "padding", "truncation", "max_length"],
];

/** `image=2,video=1` as older ones take it. */
const limits = {
  must: 'a JSON object of numbers such as {"image": 2}',
  read: (text: string): string | undefined =>
    /^(?:image|video|audio)=\d{1,4}(?:,(?:image|video|audio)=\d{1,4}){0,2}$/.test(text)
      ? text
      : media_limits.read(text),
};
const limit = either(isNumber, eachOf(isNumber));
const media_limits = json({ image: limit, video: limit, audio: limit });

const sampling = json({
  temperature: isNumber,
  top_p: isNumber,
  top_k: isNumber,
  min_p: isNumber,
  repetition_penalty: isNumber,
  max_new_tokens: isNumber,
  presence_penalty: isNumber,
  frequency_penalty: isNumber,
});

/** `auto_map` among them would name code. */
const overrides = json({
  architectures: listOf(isName),
  classifier_from_token: listOf(isName),
  is_original_qwen3_reranker: isFlag,
  rope_scaling: eachOf(scalar),
  rope_parameters: eachOf(scalar),
  rope_theta: isNumber,
  num_labels: isNumber,
  is_matryoshka: isFlag,
  matryoshka_dimensions: listOf(isNumber),
  method: isName,
  use_activation: isFlag,
  sliding_window: isNumber,
});

const pooler = json({
  pooling_type: isName,
  seq_pooling_type: isName,
  tok_pooling_type: isName,
  normalize: isFlag,
  softmax: isFlag,
  activation: isFlag,
  use_activation: isFlag,
  dimensions: isNumber,
  step_tag_id: isNumber,
  returned_token_ids: listOf(isNumber),
  enable_chunked_processing: isFlag,
  max_embed_len: isNumber,
  logit_bias: isNumber,
});

/** Others name a folder, a backend's class or passes, which are imported. */
const compilation = json({
  level: isNumber,
  mode: either(isNumber, isName),
  cudagraph_mode: isName,
  cudagraph_capture_sizes: listOf(isNumber),
  max_cudagraph_capture_size: isNumber,
  cudagraph_num_of_warmups: isNumber,
  use_inductor: isFlag,
  use_cudagraph: isFlag,
});

/** With no model beside the own one. */
const speculation = json({
  method: (method) =>
    typeof method === "string" && /^(?:ngram|suffix|mtp|[a-z0-9_]{1,24}_mtp)$/.test(method),
  num_speculative_tokens: isNumber,
  prompt_lookup_max: isNumber,
  prompt_lookup_min: isNumber,
  disable_by_batch_size: isNumber,
});

const grammars = json({
  backend: isName,
  disable_fallback: isFlag,
  disable_any_whitespace: isFlag,
  disable_additional_properties: isFlag,
  reasoning_parser: isName,
});

const context = "the context is the endpoint's `context_tokens`";
const gpus = "how many GPUs a replica gets is the endpoint's `gpu.count`";
const memory = "placement and sizing count with the share of memory that the agent sets";
const network = "it listens or calls out. Runtimes are reached through Hypervize alone";
const code = "it loads code, which would run on the host";
const file =
  "it opens files on the host. What belongs to a model is taken from where its weights lie";
const log = "prompts must not reach the log, so what is logged is decided by the agent";
const agents = "the agent decides it";
const keys = "who may use it is decided by Hypervize's keys";
const model = "what is run is the endpoint's `model`";

export const vllm = tableOf(
  [
    ["--dtype", dtype],
    ["--quantization -q --kv-cache-dtype --convert --attention-backend --moe-backend", name],
    ["--tool-call-parser --reasoning-parser", name],
    ["--block-size", whole(1, 1024)],
    ["--seed", seed],
    ["--max-num-seqs", whole(1, 8192)],
    ["--max-num-batched-tokens --long-prefill-token-threshold", amount],
    ["--max-num-partial-prefills --stream-interval", whole(1, 1024)],
    ["--enforce-eager --enable-prefix-caching --no-enable-prefix-caching", null],
    ["--enable-chunked-prefill --no-enable-chunked-prefill", null],
    ["--async-scheduling --no-async-scheduling --enable-expert-parallel", null],
    ["--disable-custom-all-reduce --enable-auto-tool-choice --language-model-only", null],
    ["--max-logprobs", whole(-1, 1_000_000)],
    ["--limit-mm-per-prompt", limits],
    ["--generation-config", oneOf("auto", "vllm")],
    ["--override-generation-config", sampling],
    ["--default-chat-template-kwargs", jsonOfPlain(of_the_tokenizer)],
    ["--chat-template-content-format", oneOf("auto", "string", "openai")],
    ["--tokenizer-mode", oneOf("auto", "slow", "mistral", "deepseek_v32")],
    ["--config-format", oneOf("auto", "hf", "mistral")],
    ["--load-format", oneOf(...loading, "fastsafetensors", "runai_streamer")],
    ["--safetensors-load-strategy", oneOf("lazy", "eager", "prefetch")],
    ["--runner", oneOf("auto", "generate", "pooling")],
    ["--scheduling-policy", oneOf("fcfs", "priority")],
    ["--hf-overrides", overrides],
    ["--pooler-config", pooler],
    ["--compilation-config", compilation],
    ["--structured-outputs-config", grammars],
    ["--speculative-config", speculation],
  ],
  [
    ["--max-model-len --swap-space", context],
    ["--gpu-memory-utilization --kv-cache-memory-bytes --cpu-offload-gb", memory],
    ["--kv-offloading-size --kv-offloading-backend --num-gpu-blocks-override", memory],
    ["--tensor-parallel-size -tp --pipeline-parallel-size -pp --data-parallel-size -dp", gpus],
    ["--distributed-executor-backend --nnodes --node-rank --master-addr", gpus],
    ["--host --port --uds --root-path --allowed-origins --kv-transfer-config", network],
    ["--kv-events-config --ec-transfer-config --otlp-traces-endpoint", network],
    ["--allowed-media-domains --headless --grpc", network],
    ["--trust-remote-code --middleware --logits-processors --worker-cls", code],
    ["--worker-extension-cls --tool-parser-plugin --reasoning-parser-plugin", code],
    ["--io-processor-plugin --model-loader-extra-config --scheduler-cls", code],
    ["--chat-template --allowed-local-media-path --config --download-dir --tokenizer", file],
    ["--hf-config-path --enable-lora --lora-modules --max-lora-rank", file],
    ["--log-config-file --enable-log-requests --enable-log-outputs --max-log-len", log],
    ["--enable-log-deltas --log-error-stack --uvicorn-log-level", log],
    ["--enable-sleep-mode --disable-log-stats --enable-request-id-headers", agents],
    ["--api-key --ssl-keyfile --ssl-certfile --ssl-ca-certs", keys],
    ["--model --served-model-name --revision --code-revision --tokenizer-revision", model],
    ["--hf-token", "it would lie in the open. Use the endpoint's `hf_token`"],
    ["--task", "newer ones do not know it. Use `--runner` and `--convert`"],
    ["--rope-scaling --rope-theta", "newer ones do not know it. Use `--hf-overrides`"],
  ],
);

export const sglang = tableOf(
  [
    ["--dtype", dtype],
    ["--quantization --kv-cache-dtype --attention-backend --sampling-backend", name],
    ["--grammar-backend --moe-runner-backend --tool-call-parser --reasoning-parser", name],
    ["--max-running-requests", whole(1, 8192)],
    ["--max-total-tokens --max-prefill-tokens", amount],
    ["--chunked-prefill-size", whole(-1, 1_000_000)],
    ["--cuda-graph-max-bs --page-size --stream-interval", whole(1, 8192)],
    ["--schedule-policy", oneOf("lpm", "random", "fcfs", "dfs-weight", "lof", "priority")],
    ["--schedule-conservativeness", number(0, 100)],
    ["--random-seed", seed],
    ["--ep-size", whole(1, 64)],
    ["--disable-radix-cache --disable-cuda-graph --is-embedding --enable-torch-compile", null],
    ["--enable-mixed-chunk --enable-p2p-check --disable-overlap-schedule", null],
    ["--enable-multimodal", null],
    ["--load-format", oneOf(...loading)],
    ["--tokenizer-mode", oneOf("auto", "slow")],
    [
      "--speculative-algorithm",
      matching(/^(?:NGRAM|NEXTN)$/, "NGRAM or NEXTN: others need a second model"),
    ],
  ],
  [
    ["--context-length", context],
    ["--mem-fraction-static --cpu-offload-gb --enable-hierarchical-cache", memory],
    ["--hicache-ratio --hicache-size --hicache-storage-backend", memory],
    ["--tp-size --tensor-parallel-size --pp-size --dp-size --nnodes --node-rank", gpus],
    ["--enable-dp-attention", gpus],
    ["--host --port --dist-init-addr --nccl-port --disaggregation-mode", network],
    ["--disaggregation-bootstrap-port --enable-trace --oltp-traces-endpoint", network],
    ["--fastapi-root-path --grpc-mode", network],
    ["--trust-remote-code --enable-custom-logit-processor --model-loader-extra-config", code],
    ["--chat-template --completion-template --config --download-dir --tokenizer-path", file],
    ["--enable-lora --lora-paths --speculative-draft-model-path", file],
    ["--json-model-override-args --decrypted-config-file", file],
    ["--log-level --log-level-http --log-requests --log-requests-level", log],
    ["--crash-dump-folder --debug-tensor-dump-output-folder", log],
    ["--export-metrics-to-file --export-metrics-to-file-dir", log],
    ["--enable-metrics --enable-cache-report --enable-memory-saver", agents],
    ["--api-key --admin-api-key --ssl-keyfile --ssl-certfile", keys],
    ["--model-path --model --served-model-name --revision", model],
  ],
);
