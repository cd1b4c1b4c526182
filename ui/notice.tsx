/** The three states beside data: waiting for it, having none, and not getting it. */
import type { ComponentChildren } from "preact";
import type { ApiProblem } from "./api.ts";
import type { Remote } from "./remote.ts";

export function Waiting({ what }: { what: string }) {
  return (
    <p class="waiting" role="status">
      <span class="spinner" aria-hidden="true" />
      Loading {what}
    </p>
  );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children}
    </div>
  );
}

export function Problem({ problem, retry }: { problem: ApiProblem; retry?: () => void }) {
  return (
    <div class="problem" role="alert">
      <p>{problem.message}</p>
      {problem.requestId && (
        <p class="request-id">
          Request <code>{problem.requestId}</code>
        </p>
      )}
      {retry && (
        <button type="button" class="small" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

interface LoadedProps<T> {
  from: Remote<T>;
  what: string;
  children(data: T): ComponentChildren;
}

/** Shows data as soon as there is any; a failed refresh stands above the older data, not in its place. */
export function Loaded<T>({ from, what, children }: LoadedProps<T>) {
  const data = from.data.value;
  const problem = from.problem.value;
  if (data === undefined && !problem) return <Waiting what={what} />;
  return (
    <>
      {problem && <Problem problem={problem} retry={from.refresh} />}
      {data !== undefined && children(data)}
    </>
  );
}
