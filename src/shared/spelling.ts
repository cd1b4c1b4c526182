/**
 * Fields of requests that have more than one name. The first name of a group is the one that we write; the others
 * are accepted as well, and an error uses the name that the caller sent. Pure.
 */
import { badRequest, Failure } from "./failure.ts";

const groups = {
  context: ["context_tokens", "context"],
  concurrency: ["concurrency", "slots", "n_slots"],
} as const;

type Group = keyof typeof groups;

/** The fields of both groups, as a request may have them. */
export interface Spelled<Context = number | null> {
  context_tokens?: Context;
  context?: Context;
  concurrency?: number;
  slots?: number;
  n_slots?: number;
}

export type Respelled<Sent extends Spelled> = Omit<Sent, keyof Spelled> &
  Pick<Sent, "context" | "concurrency">;

/** BODY with one name for each group. Throws a 400 when two names of a group have different values. */
export function respelled<Sent extends Spelled>(body: Sent): Respelled<Sent> {
  const {
    context_tokens: _,
    context: __,
    concurrency: ___,
    slots: ____,
    n_slots: _____,
    ...rest
  } = body;
  const said = Object.fromEntries(
    (["context", "concurrency"] as const).flatMap((group) => {
      const value = agreed(given(body, group));
      return value === undefined ? [] : [[group, value]];
    }),
  );
  return { ...rest, ...said } as Respelled<Sent>;
}

/** What FIELDS say for GROUP: every name of it that has a value, and the value. */
export function given(fields: object, group: Group): [name: string, value: unknown][] {
  const known = new Map<string, unknown>(Object.entries(fields));
  return groups[group].flatMap((name): [string, unknown][] => {
    const value = known.get(name);
    return value === undefined ? [] : [[name, value]];
  });
}

/** The one value of SAID. Throws a 400 that names both fields when two differ. */
export function agreed(said: readonly (readonly [name: string, value: unknown])[]): unknown {
  const [first, ...others] = said;
  const other = others.find(([, value]) => value !== first?.[1]);
  if (!first || !other) return first?.[1];
  throw badRequest(
    `\`${first[0]}\` and \`${other[0]}\` are two names of one setting and have different values. Send \`${first[0]}\` only.`,
    other[0],
  );
}

/** The answer of ACT. Its errors call the fields of both groups as BODY does, or else by the name that we write. */
export async function inWordsOf<Answer>(
  body: object,
  act: () => Answer | Promise<Answer>,
): Promise<Answer> {
  try {
    return await act();
  } catch (error) {
    throw error instanceof Failure ? renamed(error, body) : error;
  }
}

function renamed(failure: Failure, body: object): Failure {
  const { param, status, code, type, headers, details, cause } = failure;
  const group = (["context", "concurrency"] as const).find((each) =>
    groups[each].some((name) => name === param),
  );
  if (!group) return failure;
  const sent = given(body, group).map(([name]) => name);
  const word = sent[0] ?? groups[group][0];
  if (param === word || (param !== null && sent.includes(param))) return failure;
  const message = failure.message.replaceAll(`\`${param}\``, `\`${word}\``);
  return new Failure(status, message, { code, type, headers, details, cause, param: word });
}
