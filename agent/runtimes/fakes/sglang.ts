/** Stands in for `python3 -m sglang.launch_server`, 0.5; see engine.ts. */
import { die, flagsFrom, frames, play } from "./engine.ts";
import { gpuCount, notANumber } from "./gpu-memory.ts";

const values =
  `--model-path --served-model-name --host --port --tp-size --context-length --mem-fraction-static
  --log-level --max-running-requests --dtype`.split(/\s+/);
const switches = `--enable-metrics --enable-cache-report --log-requests --enable-memory-saver
  --enable-weights-cpu-backup`.split(/\s+/);

const [, module, ...rest] = process.argv.slice(2);
if (module !== "sglang.launch_server") die(`No module named '${module}'`);
const flags = flagsFrom(rest, new Set(values), new Set(switches));
if (flags.get("--host") !== "127.0.0.1") die("this stand-in would listen on every interface");
const model = flags.get("--served-model-name") ?? "";
// Its all-reduce makes numbers of the GPUs (sglang#25996).
const wrong = notANumber();
if (wrong && gpuCount > 1) die(wrong);

await play({
  model,
  port: Number(flags.get("--port")),
  weights: flags.get("--model-path") ?? "",
  context_tokens: Number(flags.get("--context-length")),
  says: [],
  // Its scheduler tells the parent, who kills them all, itself too.
  end(cause) {
    const stamp = "[2025-11-23 10:00:02 TP0]";
    const text = [
      `${stamp} Scheduler hit an exception: Traceback (most recent call last):`,
      ...[...frames("", 30), cause, ""],
      "[2025-11-23 10:00:03] Received sigquit from a child process. It usually means the child failed.",
    ];
    process.stderr.write(`${text.join("\n")}\n`);
    process.kill(process.pid, "SIGKILL");
    die("");
  },
  dies: {
    oom: "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.",
    context:
      "RuntimeError: Not enough memory. Please try to increase --mem-fraction-static. Current value: mem_fraction_static=0.9",
    driver: "RuntimeError: Found no NVIDIA driver on your system.",
    port: "OSError: [Errno 98] Address already in use",
  },
  // Without --enable-metrics there is no such route.
  metrics: (running) =>
    flags.has("--enable-metrics")
      ? `sglang:num_running_reqs{model_name="${model}"} ${running}.0\nsglang:num_queue_reqs{model_name="${model}"} 0.0\n`
      : "",
  heard: (body) => flags.has("--log-requests") && process.stderr.write(`prompt: ${body}\n`),
  habits: { hasty: false, forgets: !flags.has("--enable-weights-cpu-backup") },
  control(request, sleeper, running) {
    const { pathname } = new URL(request.url);
    // Its health is a token, so the question ends a sleeper.
    if (pathname === "/health") sleeper.asked();
    if (pathname === "/get_load") {
      const load = { rid: null, dp_rank: 0, num_reqs: running, num_waiting_reqs: 0, num_tokens: 0 };
      return Response.json([load]);
    }
    if (!flags.has("--enable-memory-saver")) return;
    if (pathname === "/release_memory_occupation") return sleeper.sleep(running);
    if (pathname === "/resume_memory_occupation") return sleeper.wake();
    return;
  },
});
