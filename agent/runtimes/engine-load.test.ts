import { expect, test } from "bun:test";
import { requestsIn } from "./engine-load.ts";

test.each([
  [
    "vLLM, two ranks",
    'vllm:num_requests_running{engine="0",model_name="m"} 1.0\nvllm:num_requests_running{engine="1",model_name="m"} 2.0\nvllm:num_requests_waiting{engine="0",model_name="m"} 4.0\n',
    "vllm",
    7,
  ],
  [
    "SGLang",
    'sglang:num_running_reqs{model_name="m"} 0.0\nsglang:num_queue_reqs{model_name="m"} 0.0\n',
    "sglang",
    0,
  ],
  [
    "one gauge of the two, which proves nothing",
    "vllm:num_requests_running 0.0\n",
    "vllm",
    undefined,
  ],
  ["another gauge of the same beginning", "vllm:num_requests_running_total 3\n", "vllm", undefined],
  ["nothing", "", "sglang", undefined],
] as const)("requests of %s", (_, metrics, engine, requests) => {
  expect(requestsIn(metrics, engine)).toBe(requests);
});
