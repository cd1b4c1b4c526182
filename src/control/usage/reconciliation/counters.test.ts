import { expect, test } from "bun:test";
import { engineCounters } from "./counters.ts";

const exactly = (tokens: number) => ({ tokens, off_by: 0 });

test("llama-server's prompts are what it worked on and what it knew already", () => {
  const text = [
    "# HELP llamacpp:prompt_tokens_total Number of prompt tokens processed, excluding cached tokens",
    "# TYPE llamacpp:prompt_tokens_total counter",
    "llamacpp:prompt_tokens_total 10",
    "llamacpp:prompt_tokens_cached_total 8",
    "llamacpp:tokens_predicted_total 2",
    "llamacpp:tokens_predicted_seconds_total 2e-06",
    "llamacpp:requests_processing 1",
    "llamacpp:requests_deferred 2",
  ].join("\n");
  expect(engineCounters(text)).toEqual({
    prompt: exactly(18),
    completion: exactly(2),
    includes_cached: true,
    inflight: 3,
  });
});

test("older builds of it do not tell what they knew already", () => {
  const text = "llamacpp:prompt_tokens_total 10\r\nllamacpp:tokens_predicted_total 2\r\n";
  expect(engineCounters(text)).toEqual({
    prompt: exactly(10),
    completion: exactly(2),
    includes_cached: false,
    inflight: 0,
  });
});

test("from a million on llama-server rounds to six digits", () => {
  const of = (value: string) =>
    engineCounters(`llamacpp:prompt_tokens_total 1\nllamacpp:tokens_predicted_total ${value}`)
      ?.completion;
  expect(of("999999")).toEqual(exactly(999_999));
  expect(of("1.05044e+06")).toEqual({ tokens: 1_050_440, off_by: 5 });
  expect(of("2e+09")).toEqual({ tokens: 2_000_000_000, off_by: 5000 });
});

test("vLLM's engines are added up, and their numbers are exact", () => {
  const text = [
    'vllm:prompt_tokens_total{engine="0",model_name="a} b"} 8.128902e+06',
    'vllm:prompt_tokens_total{engine="1",model_name="a} b"} 98.0',
    'vllm:prompt_tokens_created{engine="0"} 1.7e+09',
    'vllm:generation_tokens_total{engine="0"} 7.0',
    'vllm:num_requests_running{engine="0"} 1.0',
    'vllm:num_requests_waiting{engine="1"} 4.0',
  ].join("\n");
  expect(engineCounters(text)).toEqual({
    prompt: exactly(8_129_000),
    completion: exactly(7),
    includes_cached: true,
    inflight: 5,
  });
});

test("SGLang's", () => {
  const text =
    'sglang:prompt_tokens_total{model_name="m"} 120.0\nsglang:generation_tokens_total{model_name="m"} 30.0\nsglang:num_running_reqs{model_name="m"} 2.0\n';
  expect(engineCounters(text)).toEqual({
    prompt: exactly(120),
    completion: exactly(30),
    includes_cached: true,
    inflight: 2,
  });
});

const none = [
  "",
  "<html>404</html>",
  "llamacpp:prompt_tokens_total 10",
  "llamacpp:tokens_predicted_total 10",
  "llamacpp:prompt_tokens_total NaN\nllamacpp:tokens_predicted_total 1",
  "x_vllm:prompt_tokens_total 1\nx_vllm:generation_tokens_total 1",
];
for (const text of none) {
  test(`no counters are in ${JSON.stringify(text)}`, () => {
    expect(engineCounters(text)).toBeNull();
  });
}
