import { Testbed } from "../../src/scenarios/appliance.testbed.ts";
import { latency, nonstream } from "./answers.ts";
import { type Bed, makeBed } from "./bed.ts";
import { hold } from "./hold.ts";
import { portkey } from "./portkey.ts";
import type { Report } from "./report.ts";
import { soak } from "./soak.ts";
import { manyStreams } from "./streams.ts";
import { tunnel } from "./tunnel.ts";
import { weights } from "./weights.ts";

export interface Length {
  isShort: boolean;
  /** Of the soak. */
  minutes: number;
}

type Part = (bed: Bed, length: Length) => Promise<Report>;

const parts = {
  streams: (bed, { isShort }) => manyStreams(bed, isShort),
  latency: (bed, { isShort }) => latency(bed, isShort),
  nonstream: (bed, { isShort }) => nonstream(bed, isShort),
  hold,
  soak: (bed, { minutes }) => soak(bed, minutes),
  portkey: (bed, { isShort }) => portkey(bed, isShort),
  weights: (bed, { isShort }) => weights(bed, isShort),
  tunnel: (bed, { isShort }) => tunnel(bed, isShort),
} satisfies Record<string, Part>;

export type PartName = keyof typeof parts;

/** Measures NAMES one after the other on one bed. What was started has ended when this is over, or on a signal. */
export async function measure(names: readonly PartName[], length: Length): Promise<Report> {
  const testbed = new Testbed();
  let ended: Promise<void> | undefined;
  const end = (): Promise<void> => {
    ended ??= testbed.end();
    return ended;
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => void end().finally(() => process.exit(130)));
  }
  try {
    const bed = await makeBed(testbed);
    const whole: Report = { rows: [], fields: {} };
    for (const name of names) {
      const { rows, fields } = await parts[name](bed, length);
      whole.rows.push(...rows);
      Object.assign(whole.fields, fields);
    }
    // Whose rows are missing in a soak is not known: clients leave at any moment.
    if (!names.includes("soak")) {
      whole.rows.push({ what: "usage rows, all right", ours: String(await bed.metering.check()) });
    }
    if (bed.missing.length > 0) whole.without = bed.missing;
    return whole;
  } finally {
    await end();
  }
}
