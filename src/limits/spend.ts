/** Money that was spent this calendar month (UTC), by key, user and team. The rows on disk are the truth. */

export type SpenderKind = "key" | "user" | "team";

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
  #month: number;

  constructor(now: number) {
    this.#month = monthStart(now);
  }

  /** From when on rows count. */
  get since(): number {
    return this.#month;
  }

  /** KEY: its prefix; USER: the address; TEAM: the name. As usage rows have them. */
  of(kind: SpenderKind, name: string, now: number): number {
    this.#turn(now);
    return this.#sums.get(`${kind} ${name}`) ?? 0;
  }

  /** A row of another month is passed over. */
  add({ at, key_prefix, user, team, cost }: Spent, now: number): void {
    if (cost === 0) return;
    this.#turn(now);
    if (at < this.#month) return;
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

  #turn(now: number): void {
    const month = monthStart(now);
    if (month <= this.#month) return;
    this.#month = month;
    this.#sums.clear();
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
