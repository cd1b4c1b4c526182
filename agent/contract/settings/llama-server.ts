/**
 * llama-server's flags, from the `--help` of b11669; a test holds this file against the one in use. Its parser takes
 * `_` for `-` behind two dashes, no `=` and no beginnings of names.
 */
import { refusedByLlamaServer } from "./llama-server-refused.ts";
import { tableOf } from "./table.ts";
import { jsonOfPlain, matching, name, number, oneOf, text, whole } from "./value.ts";

const any = number(-1e9, 1e9);
const share = number(0, 1);
const count = whole(-1, 1_000_000);
const threads = whole(-1, 1024);
const ngram = whole(1, 1024);
const switched = oneOf("on", "off", "auto");
/** Sizes are reckoned with 16 bits, so 32 are not among them. */
const cache = oneOf("f16", "bf16", "q8_0", "q4_0", "q4_1", "iq4_nl", "q5_0", "q5_1");

/** The name of a built-in one, or the template itself: never the name of a file. */
const template = {
  read: (written: string) =>
    name.read(written) ??
    (/\{[{%]/.test(written) && written.length <= 65_536 ? written : undefined),
  must: "the name of a built-in template, or a Jinja template with {{ or {%",
};

/** `--override-kv` can make any fact of a model untrue, also those that its size is reckoned by. */
const override = matching(
  /^(?:,?(?:tokenizer\.ggml\.add_(?:bos_token|eos_token|space_prefix)=bool:(?:true|false)|[a-z0-9_-]{1,32}\.expert_used_count=int:\d{1,4}))+$/,
  "ARCHITECTURE.expert_used_count=int:N, or tokenizer.ggml.add_bos_token, add_eos_token, add_space_prefix with =bool:true or =bool:false",
);

const samplers = matching(
  /^[a-z_]{1,20}(?:;[a-z_]{1,20}){0,31}$/,
  "names of samplers, separated by ;",
);
const sampler_letters = matching(/^[a-z]{1,32}$/, "letters of samplers");
const bias = matching(/^\d{1,9}[+-]\d{1,6}(?:\.\d{1,6})?$/, "like 15043+1 or 15043-1.5");
/** Those for a second model, and those with a file, are not here. */
const speculation = matching(
  /^(?:,?(?:none|ngram-simple|ngram-map-k|ngram-map-k4v|ngram-mod))+$/,
  "of none, ngram-simple, ngram-map-k, ngram-map-k4v, ngram-mod",
);

export const llamaServer = tableOf(
  [
    ["-t --threads -tb --threads-batch", threads],
    ["--poll", whole(0, 100)],
    ["--poll-batch", oneOf("0", "1")],
    ["-n --predict --n-predict", whole(-2, 1_000_000)],
    ["--keep", count],
    ["-b --batch-size", whole(1, 8192)],
    // A text to be embedded must fit into one micro-batch. Placement counts 512; what more took is measured by its
    // settings (src/ledger/).
    ["-ub --ubatch-size", whole(1, 2048)],
    // Without it, compute buffers grow with the context.
    ["-fa --flash-attn", oneOf("on", "auto")],
    ["--perf --no-perf", null],
    ["--rope-scaling", oneOf("none", "linear", "yarn")],
    ["--rope-scale --rope-freq-base --rope-freq-scale --yarn-orig-ctx", any],
    ["--yarn-ext-factor --yarn-attn-factor --yarn-beta-slow --yarn-beta-fast", any],
    ["--repack -nr --no-repack --check-tensors --op-offload --no-op-offload", null],
    ["-ctk --cache-type-k -ctv --cache-type-v", cache],
    ["-lm --load-mode", oneOf("auto", "none", "mmap", "dio")],
    ["-lzm --lazy-mode", switched],
    [
      "-ngl --gpu-layers --n-gpu-layers",
      matching(
        /^(?:auto|all|99|[1-9]\d{2,3})$/,
        'all, auto or a number from 99 on: placement sets aside GPU memory for all of it, and `gpu: {"type": "cpu"}` uses none',
      ),
    ],
    ["-sm --split-mode", oneOf("layer", "row", "tensor")],
    ["--override-kv", override],
    ["--samplers", samplers],
    ["--sampler-seq --sampling-seq", sampler_letters],
    ["-s --seed", whole(-1, 4_294_967_295)],
    ["--ignore-eos -bs --backend-sampling", null],
    ["--temp --temperature --top-k --top-nsigma --top-n-sigma --typical --typical-p", any],
    ["--top-p --min-p --xtc-probability --xtc-threshold", share],
    ["--repeat-last-n --dry-allowed-length --dry-penalty-last-n", count],
    ["--repeat-penalty --presence-penalty --frequency-penalty", any],
    ["--dry-multiplier --dry-base --adaptive-target --adaptive-decay", any],
    ["--dynatemp-range --dynatemp-exp --mirostat-lr --mirostat-ent", any],
    ["--mirostat", whole(0, 2)],
    ["--dry-sequence-breaker", text(64)],
    ["-l --logit-bias", bias],
    ["--spec-type", speculation],
    ["--spec-draft-n-max --spec-draft-n-min", whole(0, 1024)],
    ["--spec-draft-p-split --draft-p-split --spec-draft-p-min --draft-p-min", share],
    ["--spec-ngram-mod-n-min --spec-ngram-mod-n-max --spec-ngram-mod-n-match", ngram],
    ["--spec-ngram-simple-size-n --spec-ngram-simple-size-m --spec-ngram-simple-min-hits", ngram],
    ["--spec-ngram-map-k-size-n --spec-ngram-map-k-size-m --spec-ngram-map-k-min-hits", ngram],
    [
      "--spec-ngram-map-k4v-size-n --spec-ngram-map-k4v-size-m --spec-ngram-map-k4v-min-hits",
      ngram,
    ],
    ["--spec-default", null],
    ["-ctxcp --ctx-checkpoints --swa-checkpoints", whole(0, 32)],
    ["-cms --checkpoint-min-step", count],
    ["--cache-idle-slots --no-cache-idle-slots --context-shift --no-context-shift", null],
    ["-sp --special --warmup --no-warmup --spm-infill", null],
    ["--pooling", oneOf("none", "mean", "cls", "last", "rank")],
    ["-cb --cont-batching -nocb --no-cont-batching", null],
    ["--mmproj-auto --no-mmproj --no-mmproj-auto", null],
    ["--image-min-tokens --image-max-tokens", whole(1, 16_384)],
    ["--mtmd-batch-max-tokens", whole(1, 1024)],
    ["--video-fps", number(0.01, 60)],
    ["--video-timestamp-interval", whole(1, 3_600_000)],
    ["--embd-normalize", whole(-1, 100)],
    ["--embedding --embeddings --rerank --reranking", null],
    ["--chat-template", template],
    ["--chat-template-kwargs", jsonOfPlain([])],
    ["-to --timeout", whole(1, 86_400)],
    ["--sse-ping-interval", whole(-1, 3600)],
    ["--cache-prompt --no-cache-prompt", null],
    ["--cache-reuse", whole(0, 1_000_000)],
    ["--jinja --no-jinja", null],
    ["--reasoning-format", oneOf("none", "deepseek", "deepseek-legacy", "auto")],
    ["-rea --reasoning", switched],
    ["--reasoning-effort", name],
    ["--reasoning-budget", count],
    ["--reasoning-budget-message", text(1000)],
    ["--reasoning-preserve --no-reasoning-preserve", null],
    ["--skip-chat-parsing --no-skip-chat-parsing", null],
    ["--prefill-assistant --no-prefill-assistant", null],
    ["-sps --slot-prompt-similarity", share],
  ],
  refusedByLlamaServer,
);
