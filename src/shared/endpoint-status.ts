export type Visibility = "private" | "team" | "public";

/** The states of the public contract. */
export type Status =
  | "building"
  | "up"
  | "sleeping"
  | "waking_up"
  | "updating"
  | "draining"
  | "paused"
  | "failed"
  | "deleting";
