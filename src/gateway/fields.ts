/**
 * Which fields of a request reach a runtime of ours. Engines take many that are no part of the protocol, and each
 * release of theirs brings new ones: some make a runtime tell of itself (`verbose` gives llama-server's whole prompt
 * with its template), some load code or connect it to other machines. So:
 *
 * - what is known to be good passes: the protocol's own fields, and what people who run models tune with;
 * - what is known to be dangerous is refused by its name;
 * - what is not known is left out. Engines ignore fields that they do not know, and so many clients send some that
 *   mean nothing here that refusing these would shut them out. To a provider they go, since it has its own extras.
 */
import { badRequest } from "../shared/failure.ts";
import type { Kind } from "./request/allow-list.ts";
import { isObject } from "./request/json.ts";

type Body = Readonly<Record<string, unknown>>;

/** The fields of a kind that reach a runtime of ours; null where they are written as a chat's, or come as a form. */
export const fieldsOf = (kind: Kind): readonly string[] | null => {
  const good = known[kind];
  return good ? [...good] : null;
};

/** The names in BODY that do not reach a runtime of ours. Throws 400 that names a field that is refused. */
export function leftOut(kind: Kind, body: Body): readonly string[] {
  const out: string[] = [];
  const good = known[kind];
  for (const field in body) {
    if (good?.has(field)) continue;
    const reason = refused.get(field);
    const value = body[field];
    // Clients send their defaults, too.
    if (reason !== undefined && value !== null && value !== false) throw refusal(field, reason);
    if (good !== undefined) out.push(field);
  }
  checkTemplate(body[template_words]);
  return out;
}

/** The same for the fields of a form, which is passed on as it was sent. */
export function refuseFields(names: readonly string[]): void {
  for (const name of names) {
    const [field = ""] = name.split(/[.[]/, 1);
    const reason = refused.get(field);
    if (reason !== undefined) throw refusal(field, reason);
  }
}

export const template_words = "chat_template_kwargs";

/** What a template is told. vLLM once took arguments of the tokenizer from here (CVE-2025-61620, CVE-2025-62426). */
function checkTemplate(words: unknown): void {
  if (!isObject(words)) return;
  const word = Object.keys(words).find((each) => ofTheTokenizer.has(each));
  if (word === undefined) return;
  throw refusal(`${template_words}.${word}`, "it is no word for a template");
}

const refusal = (field: string, reason: string) =>
  badRequest(
    `\`${field}\` does not work here: ${reason}. Leave it out.`,
    field,
    "unsupported_parameter",
  );

const words = (text: string): string[] => text.trim().split(/\s+/);

const ofTheTokenizer: ReadonlySet<string> = new Set(
  words(`chat_template tokenize conversation padding truncation max_length return_tensors return_dict
    tokenizer_kwargs return_assistant_tokens_mask`),
);

const itself = "it makes a runtime tell of its own state";
const code = "it is a way to run code on the host";
const machines = "which runtime works on a request, with whose memory, is decided by Hypervize";
const adapters = "a model's adapters are decided by who runs it";
const files = "it names files of the host";

const refused: ReadonlyMap<string, string> = new Map(
  (
    [
      ["verbose __verbose response_fields return_tokens return_token_ids", itself],
      ["return_prompt_token_ids return_prompt_text return_meta_info", itself],
      ["return_hidden_states return_routed_experts routed_experts_prompt_start", itself],
      ["custom_logit_processor custom_params logits_processors vllm_xargs extra_args", code],
      ["prompt_embeds input_embeds chat_parser chat_format", code],
      ["id_slot slot_id slot_save slot_restore session_params", machines],
      ["kv_transfer_params ec_transfer_params data_parallel_rank routed_dp_rank", machines],
      ["bootstrap_host bootstrap_port bootstrap_room bootstrap_pair_key", machines],
      ["disagg_prefill_dp_rank ngram_corpus_id", machines],
      ["lora lora_path lora_request lora_id lora_name", adapters],
      ["allowed_local_media_path media_path slot_save_path", files],
      ["chat_template", "a request cannot bring a template. Use `chat_template_kwargs`"],
      [
        "mm_processor_kwargs media_io_kwargs images_config",
        "how media are read is the model's own",
      ],
    ] as const
  ).flatMap(([names, reason]) => words(names).map((name) => [name, reason] as const)),
);

const sampling = words(`
  model stream stream_options user seed stop n temperature top_p max_tokens presence_penalty frequency_penalty
  logit_bias logprobs top_logprobs metadata store service_tier safety_identifier prompt_cache_key
  prompt_cache_retention prompt_cache_options response_format
  best_of use_beam_search early_stopping top_k min_p repetition_penalty length_penalty stop_token_ids
  include_stop_str_in_output ignore_eos min_tokens skip_special_tokens spaces_between_special_tokens
  truncate_prompt_tokens truncation_side prompt_logprobs logprob_token_ids allowed_token_ids bad_words echo
  add_special_tokens structured_outputs guided_json guided_regex guided_choice guided_grammar
  guided_decoding_backend guided_whitespace_pattern structural_tag priority cache_salt
  return_tokens_as_token_ids repetition_detection
  regex ebnf min_new_tokens no_stop_trim
  n_predict n_keep n_discard n_indent n_probs post_sampling_probs min_keep top_n_sigma xtc_probability xtc_threshold
  typical_p dynatemp_range dynatemp_exponent repeat_last_n repeat_penalty dry_multiplier dry_base
  dry_allowed_length dry_penalty_last_n dry_sequence_breakers mirostat mirostat_tau mirostat_eta adaptive_target
  adaptive_decay samplers grammar json_schema cache_prompt n_cache_reuse t_max_predict_ms timings_per_token
  return_progress`);

/** Messages and responses are not here: they are written as chats, of fields that are listed there. */
const known: Readonly<Partial<Record<Kind, ReadonlySet<string>>>> = {
  "chat/completions": new Set([
    ...sampling,
    ...words(`messages audio function_call functions max_completion_tokens modalities moderation
      parallel_tool_calls prediction reasoning_effort tool_choice tools verbosity web_search_options
      reasoning thinking enable_thinking thinking_budget thinking_token_budget include_reasoning
      add_generation_prompt continue_final_message documents chat_template_kwargs
      separate_reasoning stream_reasoning reasoning_format reasoning_budget_tokens reasoning_budget_message
      parse_tool_calls`),
  ]),
  completions: new Set([...sampling, "prompt", "suffix"]),
  embeddings: new Set(
    words(`model input stream dimensions encoding_format user truncate_prompt_tokens truncation_side
      add_special_tokens priority normalize embd_normalize use_activation cache_salt instruction input_type
      embed_dtype endianness`),
  ),
  rerank: new Set(
    words(`model query documents stream top_n top_k user return_documents return_text max_tokens_per_doc
      max_chunks_per_doc truncate_prompt_tokens truncation_side add_special_tokens priority normalize
      use_activation activation cache_salt instruction rank_fields raw_scores`),
  ),
  "audio/speech": new Set(
    words(`model input voice instructions response_format speed stream stream_format user language seed
      task_type max_new_tokens temperature top_p`),
  ),
  "images/generations": new Set(
    words(`model prompt n size quality style response_format user background moderation output_format
      output_compression partial_images stream seed negative_prompt num_inference_steps guidance_scale
      true_cfg_scale width height`),
  ),
};
