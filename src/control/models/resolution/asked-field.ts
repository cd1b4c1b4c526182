/** Checks of single fields that ask for something to run. Each throws a 400 whose sentence names the field. Pure. */
import { badRequest } from "../../../shared/failure.ts";
import { whole } from "../../whole.ts";
import type { Asked } from "./artifact.ts";

export const gpu_count = [1, 64] as const;

/** Null and an empty object: the appliance may choose. */
export function gpuIn(value: unknown): Asked["gpu"] {
  if (value === null) return { type: null, count: null };
  const { type = null, count = null, ...rest } = record(value, "gpu", "{type, count}");
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) {
    throw badRequest(`\`gpu\` has the fields type and count, not ${shown(unknown)}.`, "gpu");
  }
  if (type !== null && !(typeof type === "string" && /^[\w .()/+-]{1,64}$/.test(type))) {
    throw badRequest("`gpu.type` is the name of a GPU, such as H100-80, or cpu.", "gpu.type");
  }
  return { type, count: count === null ? null : whole("gpu.count", count, ...gpu_count) };
}

/** Empty for none. */
export function tokenIn({ hf_token }: { hf_token?: string | null }): string {
  const token = (hf_token ?? "").trim();
  if (token.length <= 512 && !/[^\x21-\x7e]/.test(token)) return token;
  throw badRequest("`hf_token` is a token of the hub, such as hf_..., in one word.", "hf_token");
}

export function checkRevision(revision: string | null): void {
  if (revision === null || (revision !== "" && revision.length <= 256)) return;
  throw badRequest("`revision` is a branch, a tag or a commit.", "revision");
}

export function record(value: unknown, field: string, form: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  throw badRequest(`\`${field}\` must be an object, ${form}.`, field);
}

const shown = (word: string): string => JSON.stringify(word.slice(0, 64));
