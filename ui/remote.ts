/**
 * What the server knows, kept fresh while a component looks at it. Answers are remembered under a key,
 * so a page that is visited again shows at once and is then brought up to date.
 */
import { effect, type ReadonlySignal, type Signal, signal, untracked } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { type ApiProblem, asProblem } from "./api.ts";
import { changes, type Topic } from "./events.ts";
import { visible } from "./now.ts";
import { oneAtATime } from "./one-at-a-time.ts";

export interface Remote<T> {
  /** The newest answer; undefined until the first one. */
  data: ReadonlySignal<T | undefined>;
  /** Why the newest attempt failed; older data stays. */
  problem: ReadonlySignal<ApiProblem | undefined>;
  refresh(): void;
}

export interface Query<T> {
  key: string;
  load(): Promise<T>;
  topics: readonly Topic[];
  /** Pause after each load, for answers that cost the server something. */
  rest_ms?: number;
}

interface Held<T> extends Remote<T> {
  data: Signal<T | undefined>;
  problem: Signal<ApiProblem | undefined>;
}

const held = new Map<string, Held<unknown>>();

/** After signing out, nothing of one user may be seen by the next. */
export function forgetAll(): void {
  held.clear();
}

function hold<T>(query: Query<T>): Held<T> {
  const known = held.get(query.key) as Held<T> | undefined;
  if (known) return known;
  const data = signal<T | undefined>(undefined);
  const problem = signal<ApiProblem | undefined>(undefined);
  const made: Held<T> = { data, problem, refresh: oneAtATime(load, query.rest_ms) };
  held.set(query.key, made as Held<unknown>);
  return made;

  async function load(): Promise<void> {
    try {
      data.value = await query.load();
      problem.value = undefined;
    } catch (error) {
      problem.value = asProblem(error);
    }
  }
}

/** Loads when the component appears, and again at each event of the query's topics. */
export function useRemote<T>(query: Query<T>): Remote<T> {
  // The key names the query: a new object with the same key is no new question.
  const remote = useMemo(() => hold(query), [query.key]);
  const { topics } = query;
  useEffect(
    () =>
      effect(() => {
        for (const topic of topics) void changes[topic].value;
        // A page that nobody sees asks for nothing; it catches up when it is looked at again.
        if (visible.value) untracked(remote.refresh);
      }),
    [remote],
  );
  return remote;
}
