/** Three hosts of eight GPUs: the agents are real, `nvidia-smi` and the engines are the stand-ins of the tests. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { FakeSmi } from "../../agent/hardware/fake-smi.testbed.ts";
import { EngineEnvironment } from "../../agent/runtimes/fakes/environment.testbed.ts";
import { safetensors } from "../../src/control/scheduler/sizing/safetensors.testbed.ts";

interface Card {
  name: string;
  mib: number;
  capability: string;
  watts: number;
  region: string;
}

const cards: readonly Card[] = [
  { name: "NVIDIA H100 80GB HBM3", mib: 81_559, capability: "9.0", watts: 700, region: "eu" },
  { name: "NVIDIA A100-SXM4-80GB", mib: 81_920, capability: "8.0", watts: 400, region: "eu" },
  { name: "NVIDIA L40S", mib: 46_068, capability: "8.9", watts: 350, region: "us" },
];
const gpus_per_host = 8;
const moves_every_ms = 5000;
/** The last host's last GPU: an alert stands for as long as it has errors. */
const broken = { host: cards.length - 1, gpu: gpus_per_host - 1 };

export interface DevHost {
  name: string;
  labels: readonly string[];
  /** Its `nvidia-smi`, before everything else on PATH. */
  path: string;
  vllm: string;
  sglang: string;
}

export class Fleet {
  readonly hosts: readonly DevHost[];
  readonly #smis: readonly FakeSmi[];
  readonly #engines: readonly EngineEnvironment[];
  readonly #moving: NodeJS.Timeout;

  constructor() {
    this.#smis = cards.map((_, host) => new FakeSmi(printed(host, 0), 1));
    this.#engines = this.#smis.map(({ claims }) => {
      const engines = new EngineEnvironment({ vllm: "0.30.0", sglang: "0.5.5" });
      engines.behaves({ FAKE_GPU_CLAIMS: claims, FAKE_START_MS: "1500", FAKE_TOKEN_MS: "60" });
      return engines;
    });
    this.hosts = cards.map(({ region }, host) => ({
      name: `dev-${host + 1}`,
      labels: [`region=${region}`, `name=dev-${host + 1}`],
      path: dirname(this.#smis[host]?.path ?? ""),
      vllm: this.#engines[host]?.vllm ?? "",
      sglang: this.#engines[host]?.sglang ?? "",
    }));
    this.#moving = setInterval(() => {
      for (const [host, smi] of this.#smis.entries()) smi.prints("gpus", printed(host, Date.now()));
    }, moves_every_ms);
  }

  end(): void {
    clearInterval(this.#moving);
    for (const smi of this.#smis) smi.end();
    for (const engines of this.#engines) engines.end();
  }
}

/** What a host's `nvidia-smi` prints at NOW: load that comes and goes by the minute. */
function printed(host: number, now: number): string {
  const card = cards[host];
  if (!card) return "";
  const line = (gpu: number): string => {
    const load = Math.round(50 + 45 * Math.sin(now / 60_000 + gpu + host));
    const used = Math.round((card.mib * (gpu % 3)) / 20);
    const errors = host === broken.host && gpu === broken.gpu ? 3 : 0;
    return [
      ...[gpu, `GPU-de000000-0000-4000-8000-0000000000${host}${gpu}`, card.name, card.mib, used],
      ...["580.159.04", `00000000:${(16 + gpu).toString(16)}:00.0`, card.capability, "Disabled"],
      ...[load, 30 + Math.round(load / 3), ((card.watts * (15 + load)) / 120).toFixed(2)],
      ...[`${card.watts}.00`, 1200 + 5 * load, 2619, 0, errors, "0x0000000000000001"],
    ].join(", ");
  };
  return Array.from({ length: gpus_per_host }, (_, gpu) => `${line(gpu)}\n`).join("");
}

const config = {
  architectures: ["LlamaForCausalLM"],
  model_type: "llama",
  torch_dtype: "bfloat16",
  hidden_size: 4096,
  num_hidden_layers: 32,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  head_dim: 128,
  intermediate_size: 14_336,
  vocab_size: 128_256,
  max_position_embeddings: 131_072,
};

/** Writes the folder of a model that vLLM's stand-in serves; FAILS: what it dies of instead. */
export function writeModel(folder: string, fails?: "context" | "oom"): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "config.json"), JSON.stringify(config));
  // A header is all that sizing reads, and the stand-in reads nothing.
  writeFileSync(join(folder, "model.safetensors"), safetensors(16_060_522_496));
  if (fails) writeFileSync(join(folder, "fails"), fails);
  return `file://${folder}`;
}
