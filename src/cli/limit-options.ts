/** What a new key or user may be limited to, on the command line. */
import { type Option, UsageError, type Words } from "./command.ts";

export const limitOptions: Record<string, Option> = {
  rpm: { value: "N", help: "requests a minute, at most" },
  tpm: { value: "N", help: "tokens a minute, at most" },
  parallel: { value: "N", help: "requests at once, at most" },
  budget: { value: "AMOUNT", help: "money a month, at most, in the currency of the prices" },
  model: {
    value: "NAME",
    repeated: true,
    help: "the only model that may be used; may be repeated",
  },
};

export const limitUsage = "[--rpm N] [--tpm N] [--parallel N] [--budget AMOUNT] [--model NAME …]";

/** Those that were given, as the API has them. */
export function limitsFrom(words: Words): Record<string, unknown> {
  const models = words.texts("model");
  const limits = {
    rpm_limit: words.integer("rpm", 1, largest),
    tpm_limit: words.integer("tpm", 1, largest),
    max_parallel_requests: words.integer("parallel", 1, largest),
    monthly_budget: amount(words.text("budget")),
    models: models.length > 0 ? models : undefined,
  };
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
}

const largest = 1e12;

function amount(word: string | undefined): number | undefined {
  if (word === undefined) return undefined;
  if (/^\d+(\.\d+)?$/.test(word)) return Number(word);
  throw new UsageError(`--budget takes an amount such as 12.50, not "${word}".`);
}
