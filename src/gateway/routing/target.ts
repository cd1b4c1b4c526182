import type { Place } from "./replica-load.ts";
import type { RoutedModel } from "./snapshot.ts";
import type { Traffic } from "./traffic.ts";

/** A model of the snapshot with what is known of it from before. */
export interface Entry {
  model: RoutedModel;
  target: Target;
  places: readonly Place[];
  /** Null for Elastic. */
  traffic: Traffic<Claimed> | null;
}

/** What a name stands for: a model of the shared pool, or an endpoint. */
export interface Target {
  id: string;
  name: string;
  /** Its id again when it is an endpoint, else null. */
  endpoint: string | null;
  /** Milliseconds since the epoch. */
  created_at: number;
  /** What to ask, in this order, when this one cannot answer: none but those of an alias. */
  fallbacks: readonly Target[];
}

/** A place on a replica, taken. */
export interface Claimed {
  replica: Place["replica"];
  /** It takes so many places in all, at least 1, from now on. */
  widen(places: number): void;
  /** How many places it may use at a time, fair to the other claims: one at least. */
  share(): number;
  /** Gives its places back; a second call does nothing. */
  release(): void;
}
