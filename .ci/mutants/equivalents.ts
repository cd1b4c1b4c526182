/** Mutants that change nothing that anybody could see, each with the reason. */
export interface Equivalent {
  file: string;
  /** The line as it stands, and what is done to it: see `Mutant`. */
  before: string;
  change: string;
  because: string;
}

export const equivalents: readonly Equivalent[] = [];
