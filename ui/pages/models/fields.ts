/** From a filled form to the body of a new model or of a change. Pure. */
import type { ModelView } from "../../../src/http.ts";
import type { ModelInput } from "../../model-api.ts";

/** An empty field is not sent: the appliance decides. */
export function bodyOf(form: FormData): ModelInput {
  const said = Object.entries(fieldsIn(form)).filter(([, value]) => value !== null);
  return Object.fromEntries(said);
}

/** Only what is otherwise than it was: a source that is sent again is looked up again. */
export function changesOf(form: FormData, model: ModelView): ModelInput {
  const { asked, slots, replicas, gpu, id: name } = model;
  const isAnyGpu = gpu.type === null && gpu.count === null;
  const before: Record<string, unknown> = {
    ...{ ...asked, name, slots, replicas },
    ...{ gpu: isAnyGpu ? null : bare(gpu), hf_token: null },
  };
  const changed = Object.entries(fieldsIn(form)).filter(
    ([field, value]) => JSON.stringify(value) !== JSON.stringify(before[field] ?? null),
  );
  return Object.fromEntries(
    changed.filter(([field, value]) => value !== null || !fixed.has(field)),
  );
}

/** What nobody can take away: emptied, it stays as it is. */
const fixed: ReadonlySet<string> = new Set(["name", "source", "runtime", "slots", "hf_token"]);

function fieldsIn(form: FormData): Record<string, unknown> {
  const word = (field: string): string | null => String(form.get(field) ?? "").trim() || null;
  const number = (field: string): number | null => {
    const text = word(field);
    return text === null ? null : Number(text);
  };
  const type = word("gpu_type");
  const count = number("gpu_count");
  return {
    ...{ source: word("source"), name: word("name"), runtime: word("runtime") },
    ...{ revision: word("revision"), context_tokens: number("context_tokens") },
    ...{ slots: number("slots"), replicas: number("replicas"), hf_token: word("hf_token") },
    gpu: type === null && count === null ? null : bare({ type, count }),
  };
}

const bare = ({ type, count }: ModelView["gpu"]): ModelInput => ({
  ...(type !== null && { type }),
  ...(count !== null && { count }),
});
