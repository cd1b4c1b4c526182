/** What is wrong with the fleet: looked at every few seconds, kept over restarts, reported to people once. */
import { and, eq, gt, isNotNull, isNull, lt } from "drizzle-orm";
import { newId } from "../../../shared/identifier.ts";
import type { Database } from "../../storage/database.ts";
import type { Notice } from "../notify/notice.ts";
import type { Alert, Condition, Patience } from "./alert.ts";
import { gpuConditions } from "./gpu-conditions.ts";
import { certificateEnding, diskLow, hostDown, weightsDamaged } from "./host-conditions.ts";
import { type AlertState, judge, nothing, type Verdict } from "./standing.ts";
import { alerts } from "./table.ts";
import type { Thresholds, WatchedHost } from "./watched.ts";

export interface AlertsParts {
  thresholds(): Thresholds;
  /** Called inside the transaction that writes what it tells of. */
  tell(notice: Notice): void;
  /** The set of open alerts is another. */
  changed(): void;
}

type Row = typeof alerts.$inferSelect;

const second = 1000;
const minute = 60 * second;
const kept_ms = 90 * 24 * 60 * minute;
const notified_memory_ms = 60 * minute;

export class Alerts {
  readonly #database: Database;
  readonly #parts: AlertsParts;
  #standing: AlertState;

  constructor(database: Database, parts: AlertsParts, now: number) {
    this.#database = database;
    this.#parts = parts;
    this.#standing = readBack(database, now);
  }

  /** Those that are open, the newest first. */
  open(): Alert[] {
    return [...this.#standing.open.values()].toSorted((a, b) => b.raised_at - a.raised_at);
  }

  /** Throws when the database refuses; then the next look sees and tells the same. */
  observe(hosts: readonly WatchedHost[], now: number): void {
    const thresholds = this.#parts.thresholds();
    const isOpen = (key: string): boolean => this.#standing.open.has(key);
    const conditions = hosts.flatMap((host) => conditionsOf(host, thresholds, isOpen, now));
    const unknown = hosts.filter(({ sight }) => sight !== "up").map(({ id }) => id);
    const isUnknown = (key: string): boolean => {
      const [kind, id = ""] = key.split("/");
      // A host that is silent is known to be down, and nothing else of it is known.
      return unknown.includes(id) && !(kind === "host_down" && isSilent(hosts, id));
    };
    const verdict = judge(this.#standing, {
      conditions,
      isUnknown,
      now,
      patienceOf: ({ kind }) => patienceOf(kind, thresholds),
      newId: () => newId("alr"),
    });
    const { raised, notified_late, resolved, standing } = verdict;
    const isSame = raised.length + notified_late.length + resolved.length === 0;
    if (!isSame) {
      const known = new Set(hosts.map(({ id }) => id));
      this.#write(verdict, known, now);
      this.#database
        .delete(alerts)
        .where(lt(alerts.resolved_at, now - kept_ms))
        .run();
    }
    this.#standing = standing;
    if (!isSame) this.#parts.changed();
  }

  #write(
    { raised, notified_late, resolved }: Verdict,
    known: ReadonlySet<string>,
    now: number,
  ): void {
    // Of a host that an admin has removed nobody needs to hear that it is well again.
    const over = resolved.filter(({ notified, host }) => notified && known.has(host.id));
    this.#database.transaction((transaction) => {
      for (const alert of raised) transaction.insert(alerts).values(rowOf(alert)).run();
      const change = (changed: readonly Alert[], values: Partial<Row>): void => {
        for (const { id } of changed) {
          transaction.update(alerts).set(values).where(eq(alerts.id, id)).run();
        }
      };
      change(notified_late, { told_at: now });
      change(resolved, { resolved_at: now });
      for (const alert of [...raised.filter(({ notified }) => notified), ...notified_late]) {
        this.#parts.tell(noticeOf(alert, true, now));
      }
      for (const alert of over) this.#parts.tell(noticeOf(alert, false, now));
    });
  }
}

function rowOf({ host, notified, raised_at, ...alert }: Alert): Row {
  return {
    ...alert,
    host_id: host.id,
    host_name: host.name,
    raised_at,
    told_at: notified ? raised_at : null,
    resolved_at: null,
  };
}

function conditionsOf(
  host: WatchedHost,
  thresholds: Thresholds,
  isOpen: (key: string) => boolean,
  now: number,
): Condition[] {
  if (host.sight !== "up") return hostDown(host);
  return [
    ...diskLow(host, thresholds, isOpen),
    ...weightsDamaged(host),
    ...certificateEnding(host, now),
    ...gpuConditions(host, thresholds, now),
  ];
}

const isSilent = (hosts: readonly WatchedHost[], id: string): boolean =>
  hosts.some((host) => host.id === id && host.sight === "silent");

function patienceOf(kind: Condition["kind"], { throttle_minutes }: Thresholds): Patience {
  switch (kind) {
    case "host_down":
      // Silence has been waited for already, and a host that is back is back.
      return { raise_after_ms: 0, clear_after_ms: 0 };
    case "gpu_throttled":
      return { raise_after_ms: throttle_minutes * minute, clear_after_ms: 2 * minute };
    case "gpu_silent":
    case "gpu_lost":
      return { raise_after_ms: minute, clear_after_ms: minute };
    case "disk_low":
      return { raise_after_ms: 30 * second, clear_after_ms: minute };
    default:
      return { raise_after_ms: 0, clear_after_ms: minute };
  }
}

function noticeOf(alert: Alert, raised: boolean, at: number): Notice {
  const { kind, host, gpu, title, detail, advice, id } = alert;
  if (kind === "host_down") {
    const back = `${host.name} is back.`;
    return { kind: raised ? "host_down" : "host_up", at, host, detail: raised ? detail : back };
  }
  return {
    kind: raised ? "alert_raised" : "alert_resolved",
    at,
    host,
    title,
    detail,
    advice,
    alert: { id, kind, gpu },
  };
}

function readBack(database: Database, now: number): AlertState {
  const rows = database.select().from(alerts).where(isNull(alerts.resolved_at)).all();
  const open = rows.map(({ host_id: id, host_name: name, told_at, resolved_at: _, ...row }) => {
    return { ...row, host: { id, name }, notified: told_at !== null };
  });
  const notified = database
    .select({ key: alerts.key, at: alerts.told_at })
    .from(alerts)
    .where(and(isNotNull(alerts.told_at), gt(alerts.told_at, now - notified_memory_ms)))
    .all();
  return {
    ...nothing,
    open: new Map(open.map((alert) => [alert.key, alert])),
    told_at: new Map(notified.map(({ key, at }) => [key, at ?? now])),
  };
}
