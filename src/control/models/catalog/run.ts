/** From what a catalog entry asks for to what is run: looked up as for an endpoint, with a context for hosts that are shared. */

import { Failure } from "../../../shared/failure.ts";
import type { Artifact, Asked } from "../resolution/artifact.ts";
import type { Resolve, Resolved } from "../resolution/resolve.ts";
import { decideContext, type Kind } from "../resolution/resolve-kinds.ts";
import { namedModel } from "../resolution/resolve-model.ts";
import type { Entry, Model, Run } from "./entry.ts";

/**
 * Without a `context_tokens`, on llama-server: a replica there lies beside others in the memory of a host, and
 * what is set aside for a context is lost to them. vLLM and SGLang have their GPUs alone, and take what fits.
 */
const shared_context = 8192;
/** The same for a file of the hosts and what is built in, whose entries always had this one. */
const plain_context = 4096;

/** Throws a 400 for what can be known to fail. HF_TOKEN: empty for none. */
export async function lookedUp(
  entry: Entry,
  { resolve, hf_token, kinds }: { resolve: Resolve; hf_token: string; kinds: readonly Kind[] },
): Promise<Resolved> {
  const asked = askedOf(entry);
  const found = await inOurWords(() => resolve(asked, hf_token, kinds));
  return withContext(entry, found, kinds);
}

/** The same weights with another context, for other requests at once or on other GPUs. Throws a 400. */
export function resized(entry: Entry, run: Run, kinds: readonly Kind[]): Resolved {
  const { source, runtime, context_tokens, model_facts: model } = run;
  const artifact = { source, runtime, context_tokens, model };
  return withContext(entry, { artifact, sizing: null, warnings: [] }, kinds);
}

function withContext(entry: Entry, found: Resolved, kinds: readonly Kind[]): Resolved {
  const { runtime, model } = found.artifact;
  const most = entry.asked.context_tokens === null ? usualMost(entry, runtime) : null;
  const sized = (context: number | null) =>
    decideContext({ ...askedOf(entry), context }, runtime, model, kinds);
  const fitting = inOurWords(() => sized(entry.asked.context_tokens));
  const { context_tokens, sizing } =
    most !== null && fitting.context_tokens > most ? sized(most) : fitting;
  return { ...found, sizing, artifact: { ...found.artifact, context_tokens } };
}

function usualMost({ asked }: Entry, runtime: Artifact["runtime"]): number | null {
  if (runtime !== "llama-server") return null;
  return isPlain(asked.source) ? plain_context : shared_context;
}

/** Built in, or a file that lies on the hosts already. */
export function isPlain(source: string): boolean {
  const { from } = namedModel({ model: source, revision: null });
  return from === "builtin" || from === "file";
}

export const askedOf = ({ asked, gpu, slots }: Entry): Asked => ({
  model: asked.source,
  revision: asked.revision,
  runtime: asked.runtime,
  gpu,
  context: asked.context_tokens,
  concurrency: slots,
  env: {},
  args: [],
});

export const runOf = ({ source, runtime, context_tokens, model }: Artifact): Run => ({
  source,
  runtime,
  context_tokens,
  model_facts: model,
});

/** Whether other weights, or the same in another engine, are meant. */
export const isOther = (before: Model, { asked }: Entry): boolean =>
  asked.source !== before.asked.source ||
  asked.revision !== before.asked.revision ||
  asked.runtime !== before.asked.runtime;

/** Whether a replica needs another size for it. */
export const isResized = (before: Model, { asked, slots, gpu }: Entry): boolean =>
  asked.context_tokens !== before.asked.context_tokens ||
  slots !== before.slots ||
  !Bun.deepEquals(gpu, before.gpu);

const words: Readonly<Record<string, string>> = { model: "source", context: "context_tokens" };

/** The fields of a catalog entry have other names than those of a provision. */
export function inOurWords<Answer>(act: () => Answer): Answer {
  const renamed = (error: unknown): never => {
    const word = error instanceof Failure && error.param !== null ? words[error.param] : undefined;
    if (!(error instanceof Failure) || word === undefined) throw error;
    const { status, code, cause } = error;
    const message = error.message.replace(`\`${error.param}\``, `\`${word}\``);
    throw new Failure(status, message, { code, param: word, cause });
  };
  try {
    const answer = act();
    return answer instanceof Promise ? (answer.catch(renamed) as Answer) : answer;
  } catch (error) {
    return renamed(error);
  }
}
