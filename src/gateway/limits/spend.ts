import type { SpenderKind } from "../../shared/limits/scope.ts";

/** A row's part in it; NULL where the request had none. */
export interface Spent {
  at: number;
  key_prefix: string | null;
  user: string;
  team: string | null;
  cost: number;
}

export class Spend {
  readonly #sums = new Map<string, number>();
  readonly #read: (from: number, to: number) => Iterable<Spent>;
  #month = Number.NaN;
  #end = Number.NaN;

  /** READ: the rows that are on disk with FROM <= at < TO; several may come as one, with their sum. */
  constructor(read: (from: number, to: number) => Iterable<Spent>) {
    this.#read = read;
  }

  /** KEY: its prefix; USER: the address; TEAM: the name. As usage rows have them. */
  of(kind: SpenderKind, name: string, now: number): number {
    this.turn(now);
    return this.#sums.get(`${kind} ${name}`) ?? 0;
  }

  /** A row that was just written. One of another month is passed over: it is on disk, for when that is asked for. */
  add(row: Spent): void {
    if (row.at >= this.#month && row.at < this.#end) this.#countRow(row);
  }

  #countRow({ key_prefix, user, team, cost }: Spent): void {
    if (cost === 0) return;
    this.#count("user", user, cost);
    if (key_prefix !== null) this.#count("key", key_prefix, cost);
    if (team !== null) this.#count("team", team, cost);
  }

  /** What FROM has spent, TO has spent from now on. */
  rename(kind: SpenderKind, from: string, to: string): void {
    const spent = this.#sums.get(`${kind} ${from}`) ?? 0;
    this.#sums.delete(`${kind} ${from}`);
    this.#count(kind, to, spent);
  }

  #count(kind: SpenderKind, name: string, cost: number): void {
    const id = `${kind} ${name}`;
    this.#sums.set(id, (this.#sums.get(id) ?? 0) + cost);
  }

  /** Reads the month of NOW, unless it is the one that is held. */
  turn(now: number): void {
    if (now >= this.#month && now < this.#end) return;
    this.#sums.clear();
    const [from, to] = [monthStart(now), monthEnd(now)];
    for (const row of this.#read(from, to)) this.#countRow(row);
    this.#month = from;
    this.#end = to;
  }
}

export function monthStart(now: number): number {
  const date = new Date(now);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
}

/** When the next month begins. */
export function monthEnd(now: number): number {
  const date = new Date(now);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
}
