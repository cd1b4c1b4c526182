/**
 * When a condition becomes an alert, and when that is over. Pure: time is an argument. A condition must last, and it
 * must be gone for a while, so that what flickers is one alert; the same is reported at most once an hour.
 */
import type { Alert, Condition, Patience } from "./alert.ts";

/** How long a condition has been there. */
export interface Trace {
  since: number;
  last_at: number;
}

export interface AlertState {
  traces: ReadonlyMap<string, Trace>;
  open: ReadonlyMap<string, Alert>;
  /** When each key was reported last. */
  told_at: ReadonlyMap<string, number>;
}

export const nothing: AlertState = { traces: new Map(), open: new Map(), told_at: new Map() };

export interface Look {
  conditions: readonly Condition[];
  /** True for a key of which nothing can be said now: its host is not heard. */
  isUnknown(key: string): boolean;
  patienceOf(condition: Pick<Condition, "kind">): Patience;
  newId(): string;
  now: number;
}

export interface Verdict {
  standing: AlertState;
  /** New alerts, notified or not. */
  raised: Alert[];
  /** Alerts that were raised before and are reported only now. */
  notified_late: Alert[];
  resolved: Alert[];
}

const notify_again_after_ms = 3_600_000;

export function judge(before: AlertState, look: Look): Verdict {
  const { conditions, now } = look;
  const active = new Map(conditions.map((condition) => [condition.key, condition]));
  const traces = tracesOf(before, active, look);
  const told_at = new Map([...before.told_at].filter(([, at]) => now - at < notify_again_after_ms));
  const open = new Map<string, Alert>();
  const notified_late: Alert[] = [];
  const resolved: Alert[] = [];
  for (const alert of before.open.values()) {
    if (!traces.has(alert.key)) {
      resolved.push(alert);
      continue;
    }
    const current = { ...alert, ...active.get(alert.key) };
    const isLate = !current.notified && active.has(alert.key) && !told_at.has(alert.key);
    if (isLate) notified_late.push({ ...current, notified: true });
    open.set(alert.key, isLate ? { ...current, notified: true } : current);
  }
  const raised = conditions
    .filter(({ key }) => !open.has(key))
    .filter((condition) => {
      const trace = traces.get(condition.key);
      return trace !== undefined && now - trace.since >= look.patienceOf(condition).raise_after_ms;
    })
    .map((condition) => ({
      ...condition,
      id: look.newId(),
      raised_at: now,
      notified: !told_at.has(condition.key),
    }));
  for (const alert of raised) open.set(alert.key, alert);
  for (const { key, notified } of [...raised, ...notified_late])
    if (notified) told_at.set(key, now);
  return { standing: { traces, open, told_at }, raised, notified_late, resolved };
}

function tracesOf(
  before: AlertState,
  active: ReadonlyMap<string, Condition>,
  { isUnknown, patienceOf, now }: Look,
): Map<string, Trace> {
  const traces = new Map<string, Trace>();
  for (const key of active.keys()) {
    traces.set(key, { since: before.traces.get(key)?.since ?? now, last_at: now });
  }
  const gone = [...new Set([...before.traces.keys(), ...before.open.keys()])];
  for (const key of gone.filter((each) => !active.has(each))) {
    const alert = before.open.get(key);
    // After a restart an open alert has no trace: its condition gets its time to be seen again.
    const trace = before.traces.get(key) ?? { since: now, last_at: now };
    if (isUnknown(key)) {
      // What was not an alert yet starts over; an alert waits for its host.
      if (alert) traces.set(key, { ...trace, last_at: now });
    } else if (alert && now - trace.last_at < patienceOf(alert).clear_after_ms) {
      traces.set(key, trace);
    } else if (!alert && now - trace.last_at < flicker_ms) {
      traces.set(key, trace);
    }
  }
  return traces;
}

/** A condition that is not an alert yet may be away for this long without starting over. */
const flicker_ms = 30_000;
