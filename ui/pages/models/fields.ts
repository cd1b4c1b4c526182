/** From a filled form to the body of a new model or of a change. Pure. */
import type { ModelBody, ModelChanges } from "../../../src/app/control-api.ts";
import { secretIn } from "../../secret.tsx";

/** What is not said. */
const usual_concurrency = 4;

/** An empty field is not sent: the appliance decides. */
export function bodyOf(form: FormData): ModelBody {
  return Object.fromEntries(
    Object.entries(fieldsIn(form)).filter(([, value]) => (value ?? null) !== null),
  );
}

/** An empty field takes away what was there, or goes back to what is usual. */
export function changedBodyOf(form: FormData): ModelChanges {
  const { hf_token, concurrency, ...fields } = fieldsIn(form);
  return {
    ...(fields as ModelChanges),
    concurrency: concurrency ?? usual_concurrency,
    ...(hf_token !== undefined && { hf_token }),
  };
}

/** Null: empty. */
type Filled = { [Field in keyof ModelBody]: ModelBody[Field] | null | undefined };

function fieldsIn(form: FormData): Filled {
  const word = <Word extends string>(field: string): Word | null =>
    (String(form.get(field) ?? "").trim() || null) as Word | null;
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
