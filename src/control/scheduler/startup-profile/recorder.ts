import type { Ledger, ReadyReplica } from "./startup-profile.ts";

/** A full disk costs what was measured now, and is said once; the next pass tries again. */
export function recorderOf(
  profile: Pick<Ledger, "record">,
  log: (line: string) => void,
): (ready: readonly ReadyReplica[]) => void {
  let failed = false;
  return (ready) => {
    try {
      profile.record(ready);
      failed = false;
    } catch (error) {
      const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
      if (!failed) log(`ledger: ${why}`);
      failed = true;
    }
  };
}
