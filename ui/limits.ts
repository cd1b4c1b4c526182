/** What a key, a user and a team can be limited to: from a form, and as sentences. Pure. */

export interface Limits {
  rpm_limit: number | null;
  tpm_limit: number | null;
  max_parallel_requests: number | null;
  monthly_budget: number | null;
  models: readonly string[] | null;
}

const numbers = ["rpm_limit", "tpm_limit", "max_parallel_requests", "monthly_budget"] as const;

/** An empty field is no limit. */
export function limitsFrom(form: FormData) {
  const numberOf = (name: string): number | null => {
    const text = String(form.get(name) ?? "").trim();
    return text === "" ? null : Number(text);
  };
  const [rpm_limit, tpm_limit, max_parallel_requests, monthly_budget] = numbers.map(numberOf);
  return {
    rpm_limit: rpm_limit ?? null,
    tpm_limit: tpm_limit ?? null,
    max_parallel_requests: max_parallel_requests ?? null,
    monthly_budget: monthly_budget ?? null,
    models: wordsFrom(form, "models"),
  };
}

/** Words between spaces, commas or line breaks; null when there is none. */
export function wordsFrom(form: FormData, name: string): string[] | null {
  const words = String(form.get(name) ?? "")
    .split(/[\s,]+/)
    .filter((word) => word !== "");
  return words.length === 0 ? null : words;
}

const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const money = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** The shortest that tells them apart: `60 req/min · 20 tokens/min`; empty without limits. */
export function limitsInWords(limits: Limits, spent = 0): string {
  const { rpm_limit, tpm_limit, max_parallel_requests, monthly_budget, models } = limits;
  const parts = [
    rpm_limit !== null && `${compact.format(rpm_limit)} req/min`,
    tpm_limit !== null && `${compact.format(tpm_limit)} tok/min`,
    max_parallel_requests !== null && `${max_parallel_requests} at once`,
    monthly_budget !== null && `${money.format(spent)} of ${money.format(monthly_budget)} a month`,
    models !== null && (models.length === 1 ? `only ${models[0]}` : `${models.length} models`),
  ];
  return parts.filter((part) => part !== false).join(" · ");
}
