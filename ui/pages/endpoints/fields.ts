/** From a filled form to the body of a provision or a change. Pure. */
import type { EndpointChanges, Provision } from "../../../src/app/control-api.ts";
import { secretIn } from "../../secret.tsx";

/** What is not said. */
const defaults: EndpointChanges = { concurrency: 4, min_replicas: 0, max_replicas: 1 };

/** An empty field is not sent: the appliance decides. */
export function bodyOf(form: FormData): Provision {
  return Object.fromEntries(
    Object.entries(fieldsIn(form)).filter(([, value]) => (value ?? null) !== null),
  ) as unknown as Provision;
}

/** An empty field takes away what was there, or goes back to what is usual. */
export function changedBodyOf(form: FormData): EndpointChanges {
  const { hf_token, ...fields } = fieldsIn(form);
  const said = Object.entries(fields).map(([name, value]) => [
    name,
    value ?? defaults[name as keyof EndpointChanges] ?? null,
  ]);
  return { ...Object.fromEntries(said), ...(hf_token !== undefined && { hf_token }) };
}

/** Null: empty. */
type Filled = { [Field in keyof EndpointChanges]: EndpointChanges[Field] | null | undefined };

function fieldsIn(form: FormData): Filled {
  const word = <Word extends string>(name: string): Word | null =>
    (String(form.get(name) ?? "").trim() || null) as Word | null;
  const number = (name: string): number | null => {
    const text = word(name);
    return text === null ? null : Number(text);
  };
  const seconds = (name: string): number | null => {
    const minutes = number(name);
    return minutes === null ? null : Math.round(minutes * 60);
  };
  return {
    name: word("name"),
    model: word("model"),
    runtime: word("runtime"),
    cold_start: word("cold_start"),
    visibility: word("visibility"),
    hf_token: secretIn(form, "hf_token"),
    context_tokens: number("context_tokens"),
    concurrency: number("concurrency"),
    min_replicas: number("min_replicas"),
    max_replicas: number("max_replicas"),
    idle_timeout_s: seconds("idle_minutes"),
    l1_timeout_s: seconds("l1_minutes"),
    gpu: gpuOf(word("gpu_type"), number("gpu_count")),
  };
}

function gpuOf(type: string | null, count: number | null) {
  if (type === null && count === null) return null;
  return { ...(type !== null && { type }), ...(count !== null && { count }) };
}
