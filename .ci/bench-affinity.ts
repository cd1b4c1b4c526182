/**
 * How much of the prompts is in a cache already: 40 users with 6 turns each over four real llama-servers with the
 * demo model, by the gateway's own choice of replicas. In about a minute; without words all three crowds.
 *
 *     bun .ci/bench-affinity.ts [one-long] [four-long] [four-short]
 */

import { startLlama } from "../src/control/usage/reconciliation/llama.testbed.ts";
import { gatewayUnderTest, readyReplica } from "../src/gateway/gateway.testbed.ts";
import { dice } from "../src/shared/http1/seeded.testbed.ts";

const replicas = 4;
const users = 40;
const turns = 6;
/** Of each replica: room for the conversations of its share of the users. */
const slots = 16;
const think_ms = 1_500;

/** How many system prompts there are, and how many words each has. */
const crowds: Readonly<Record<string, { prompts: number; words: number }>> = {
  "one-long": { prompts: 1, words: 300 },
  "four-long": { prompts: 4, words: 300 },
  "four-short": { prompts: 4, words: 30 },
};

const vocabulary = [
  "how",
  "do",
  "I",
  "add",
  "a",
  "model",
  "to",
  "the",
  "host",
  "key",
  "pool",
] as const;

function textOf(seed: number, count: number): string {
  const { pick } = dice(seed);
  return Array.from({ length: count }, () => pick(vocabulary)).join(" ");
}

type Message = { role: "system" | "user" | "assistant"; content: string };

async function measured({ prompts, words }: { prompts: number; words: number }) {
  const flags = ["-c", String(slots * 2048), "-np", String(slots)];
  const runtimes = await Promise.all(Array.from({ length: replicas }, () => startLlama(...flags)));
  const under = gatewayUnderTest({ ports: [] });
  const ready = runtimes.map(({ port }, index) => ({
    ...readyReplica(`rep_${index}`, port),
    slots,
  }));
  const named = { id: "mdl_crowd", name: "crowd", created_at: 0, reason: null, endpoint: null };
  under.publish({ ...named, ready });

  async function ask(messages: readonly Message[]): Promise<string> {
    const body = { model: "crowd", messages, max_tokens: 16, temperature: 0 };
    const response = await under.post(body);
    if (!response.ok) throw new Error(`HTTP ${response.status}: ${await response.text()}`);
    const { choices } = (await response.json()) as { choices: [{ message: Message }] };
    return choices[0].message.content;
  }

  async function converse(user: number): Promise<void> {
    const { below } = dice(user + 1);
    const system = textOf(1_000 + (user % prompts), words);
    const messages: Message[] = [{ role: "system", content: system }];
    for (let turn = 0; turn < turns; turn++) {
      await Bun.sleep(below(think_ms));
      messages.push({ role: "user", content: textOf(100 * user + turn + 10_000, 20) });
      messages.push({ role: "assistant", content: await ask(messages) });
    }
  }

  try {
    await Promise.all(Array.from({ length: users }, (_, user) => converse(user)));
    return summary(await under.rows(users * turns));
  } finally {
    await under.stop();
    for (const runtime of runtimes) await runtime.stop();
  }
}

type Rows = Awaited<ReturnType<ReturnType<typeof gatewayUnderTest>["rows"]>>;

function summary(rows: Rows): string {
  const sum = (of: (row: Rows[number]) => number) => rows.reduce((all, row) => all + of(row), 0);
  const share = sum((row) => row.cached_tokens) / sum((row) => row.prompt_tokens);
  const counts = Map.groupBy(rows, ({ replica }) => replica);
  const busiest = Math.max(...[...counts.values()].map(({ length }) => length));
  const imbalance = busiest / (rows.length / replicas);
  return `${share.toFixed(3)} of the prompt tokens from a cache, busiest ÷ mean ${imbalance.toFixed(2)}`;
}

const asked = process.argv.slice(2);
for (const name of asked.length > 0 ? asked : Object.keys(crowds)) {
  const crowd = crowds[name];
  if (!crowd)
    throw new Error(`There is no crowd ${name}. Choose of ${Object.keys(crowds).join(", ")}.`);
  process.stdout.write(`${name}: ${await measured(crowd)}\n`);
}
process.exit(0);
