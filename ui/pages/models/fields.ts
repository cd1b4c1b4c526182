/** From a filled form to the body of a new model or of a change. Pure. */
import type { ModelInput } from "../../model-api.ts";
import { secretIn } from "../../secret.tsx";

/** What is not said. */
const usual_concurrency = 4;

/** An empty field is not sent: the appliance decides. */
export function bodyOf(form: FormData): ModelInput {
  return Object.fromEntries(
    Object.entries(fieldsIn(form)).filter(([, value]) => (value ?? null) !== null),
  );
}

/** An empty field takes away what was there, or goes back to what is usual. */
export function changedBodyOf(form: FormData): ModelInput {
  const { hf_token, concurrency, ...fields } = fieldsIn(form);
  return {
    ...fields,
    concurrency: concurrency ?? usual_concurrency,
    ...(hf_token !== undefined && { hf_token }),
  };
}

function fieldsIn(form: FormData): Record<string, unknown> {
  const word = (field: string): string | null => String(form.get(field) ?? "").trim() || null;
  const number = (field: string): number | null => {
    const text = word(field);
    return text === null ? null : Number(text);
  };
  const type = word("gpu_type");
  const count = number("gpu_count");
  return {
    source: word("source"),
    name: word("name"),
    runtime: word("runtime"),
    revision: word("revision"),
    context_tokens: number("context_tokens"),
    concurrency: number("concurrency"),
    replicas: number("replicas"),
    hf_token: secretIn(form, "hf_token"),
    gpu:
      type === null && count === null
        ? null
        : { ...(type !== null && { type }), ...(count !== null && { count }) },
  };
}
