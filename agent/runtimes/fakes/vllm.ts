/** Stands in for `vllm serve`, 0.30; see engine.ts. Its developer mode is guarded as hypervize_guard.py guards it. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { isAtLeast } from "../python-package.ts";
import { die, flagsFrom, frames, play } from "./engine.ts";
import { notANumber } from "./gpu-memory.ts";

const values =
  `--served-model-name --host --port --tensor-parallel-size --max-model-len --gpu-memory-utilization
  --disable-access-log-for-endpoints --max-num-seqs --dtype --kv-cache-dtype --tool-call-parser --middleware`.split(
    /\s+/,
  );
const switches = `--enable-prompt-tokens-details --enforce-eager --enable-log-requests
  --enable-sleep-mode --disable-uvicorn-access-log`.split(/\s+/);

const [verb, weights = "", ...rest] = process.argv.slice(2);
if (verb !== "serve") die(`vllm: error: argument subparser: invalid choice: '${verb}'`);
const flags = flagsFrom(rest, new Set(values), new Set(switches));
if (flags.get("--host") !== "127.0.0.1") die("this stand-in would listen on every interface");
const context_tokens = Number(flags.get("--max-model-len"));
const name = flags.get("--served-model-name") ?? weights;
const developer = process.env["VLLM_SERVER_DEV_MODE"] === "1";
const guard = flags.get("--middleware")?.split(".")[0];
if (guard && !existsSync(join(process.env["PYTHONPATH"] ?? "", `${guard}.py`))) {
  die(`ModuleNotFoundError: No module named '${guard}'`);
}
// Its registry looks into the model in a process that makes numbers of the GPUs (vllm#20939).
const wrong = notANumber();
if (wrong && !isAtLeast(process.env["ENGINE_VERSION"] ?? "unknown", "0.24.0")) {
  die(
    `ERROR 11-23 10:00:00 [registry.py:356] ${wrong}\n(APIServer pid=1)   Value error, Model architectures ['LlamaForCausalLM'] failed to be inspected. Please check the logs for more details.`,
  );
}

await play({
  model: name,
  port: Number(flags.get("--port")),
  weights,
  context_tokens,
  says: [
    "INFO 11-23 10:00:00 [api_server.py:1346] vLLM API server version 0.30.0",
    `INFO 11-23 10:00:00 [model.py:1510] Using max model len ${context_tokens}`,
    `(EngineCore_DP0 pid=${process.pid}) INFO 11-23 10:00:01 [core.py:77] Initializing a V1 LLM engine (v0.30.0) with config: model='${weights}', tokenizer_mode=auto, trust_remote_code=False, dtype=torch.bfloat16`,
    "[W1123 10:00:01.9 utils.cpp:68] Warning: CUDA error: out of memory (function init)",
  ],
  // The engine's process says it twice, and then the API server says that it has lost it.
  end(cause) {
    const core = `(EngineCore_DP0 pid=${process.pid})`;
    const stamp = `${core} ERROR 11-23 10:00:02 [core.py:1100]`;
    const api = "(APIServer pid=1)";
    const text = [
      ...[`${stamp} EngineCore failed to start.`, `${stamp} Traceback (most recent call last):`],
      ...[...frames(stamp, 18), `${stamp} ${cause}`, `${core} Process EngineCore_DP0:`],
      ...[...frames(core, 20), `${core} ${cause}`, `${api} Traceback (most recent call last):`],
      ...frames(api, 63),
      `${api} RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {}`,
    ];
    die(text.join("\n"));
  },
  dies: {
    oom: "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.",
    guard:
      "ValueError: Free memory on device cuda:0 (12.18/23.56 GiB) on startup is less than desired GPU memory utilization (0.9, 21.2 GiB). Decrease GPU memory utilization or reduce GPU memory used by other processes.",
    context:
      "ValueError: To serve at least one request with the model's max seq len (32768), (14.50 GiB KV cache is needed, which is larger than the available KV cache memory (6.20 GiB). Based on the available memory, the estimated maximum model length is 14000.",
    architecture: "ValueError: Model architectures ['OwnForCausalLM'] are not supported for now.",
    driver: "RuntimeError: The NVIDIA driver on your system is too old (found version 11040).",
    port: "OSError: [Errno 98] Address already in use",
    weights: "safetensors_rust.SafetensorError: Error while deserializing header: HeaderTooLarge",
  },
  metrics: (running) =>
    `vllm:num_requests_running{engine="0",model_name="${name}"} ${running}.0\nvllm:num_requests_waiting{engine="0",model_name="${name}"} 0.0\n`,
  heard: (body) => flags.has("--enable-log-requests") && process.stderr.write(`prompt: ${body}\n`),
  habits: { hasty: true, forgets: false },
  control(request, sleeper, running) {
    const { pathname } = new URL(request.url);
    if (!/^\/(?:sleep|wake_up|is_sleeping|collective_rpc)$/.test(pathname) || !developer) return;
    if (pathname === "/collective_rpc" && process.env["FAKE_FAILS"] === "unguarded") {
      return Response.json({ error: "Missing 'method'" }, { status: 400 });
    }
    const key = request.headers.get("x-hypervize-guard");
    const isOpen = guard === undefined || key === process.env["HYPERVIZE_GUARD_KEY"];
    if (!isOpen || !flags.has("--enable-sleep-mode")) return new Response("", { status: 404 });
    if (pathname === "/sleep") return sleeper.sleep(running);
    if (pathname === "/wake_up") return sleeper.wake();
    if (pathname === "/is_sleeping") return Response.json({ is_sleeping: sleeper.asleep });
    return new Response("", { status: 404 });
  },
});
