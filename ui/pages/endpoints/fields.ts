/** From a filled form to the body of a provision or a change. Pure. */
import type { ProvisionInput } from "../../dedicated-api.ts";

const texts = ["name", "model", "runtime", "cold_start", "visibility", "hf_token"] as const;
const numbers = ["context", "concurrency", "min_replicas", "max_replicas"] as const;

/** Fields in minutes. */
const times = [
  ["idle_minutes", "idle_timeout_s"],
  ["l1_minutes", "l1_timeout_s"],
] as const;

/** An empty field is not sent: the appliance decides. */
export function bodyOf(form: FormData): ProvisionInput {
  const body: Record<string, unknown> = {};
  for (const name of texts) {
    const value = wordIn(form, name);
    if (value !== "") body[name] = value;
  }
  for (const name of numbers) {
    const value = wordIn(form, name);
    if (value !== "") body[name] = Number(value);
  }
  for (const [field, name] of times) {
    const minutes = wordIn(form, field);
    if (minutes !== "") body[name] = Math.round(Number(minutes) * 60);
  }
  const gpu = { ...gpuOf(form) };
  if (Object.keys(gpu).length > 0) body["gpu"] = gpu;
  return body;
}

function gpuOf(form: FormData): { type?: string; count?: number } {
  const type = wordIn(form, "gpu_type");
  const count = wordIn(form, "gpu_count");
  return { ...(type && { type }), ...(count && { count: Number(count) }) };
}

const wordIn = (form: FormData, name: string): string => String(form.get(name) ?? "").trim();
