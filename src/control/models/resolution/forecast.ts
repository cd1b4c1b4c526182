/** What becomes of something that is asked for on the fleet as it is, before anything is written down. Pure. */
import { badRequest } from "../../../shared/failure.ts";
import type { DryRun } from "../../scheduler/placement/dry-run.ts";
import type { Sizing } from "../../scheduler/sizing/plan.ts";
import type { Artifact, Asked } from "./artifact.ts";
import type { Resolve, Resolved } from "./resolve.ts";
import type { Kind } from "./resolve-kinds.ts";

export interface ForecastParts<Spec extends Asked = Asked> {
  resolve: Resolve;
  /** See `kindsIn`. */
  kinds(): readonly Kind[];
  /** Where one replica would go now. */
  dryRun(spec: Spec, artifact: Artifact): DryRun;
}

/** The answer to `?dry_run=1`. */
export interface DryRunView extends DryRun {
  sizing: Sizing | null;
  /** What could not be known now, as sentences. */
  warnings: readonly string[];
}

export function viewOf(dryRun: DryRun, { sizing, warnings }: Resolved): DryRunView {
  return { sizing, ...dryRun, warnings };
}

/** Throws a 400 for what no host of this fleet could take even when it is empty. */
export function refuseNever({ refused }: Pick<DryRun, "refused">): void {
  if (refused?.refused !== "never") return;
  const words = [refused.detail, refused.nearest].filter((sentence) => sentence !== null);
  throw badRequest(words.join(" "), "model", "no_capacity");
}

/** Throws a 400. */
export function isDryRun({ dry_run }: { dry_run?: string | undefined }): boolean {
  if (dry_run === undefined || dry_run === "0" || dry_run === "false") return false;
  if (dry_run === "1" || dry_run === "true") return true;
  throw badRequest("`dry_run` is 1 or 0.", "dry_run");
}
