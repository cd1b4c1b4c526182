/** Plays seeded stories of the lifecycle: `npm run simulate -- [--seed N] [--seeds N] [--hours N]`. */
import { parseArgs } from "node:util";
import { play } from "../src/control/scheduler/lifecycle/simulation/scenario.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    seeds: { type: "string", default: "1" },
    hours: { type: "string", default: "24" },
  },
});
const first = Number(values.seed);
const count = Number(values.seeds);
const started = performance.now();
let bad = 0;
let transitions = 0;
let wakes = 0;
let in_place = 0;
for (let seed = first; seed < first + count; seed++) {
  const outcome = play(seed, Number(values.hours));
  transitions += outcome.transitions;
  wakes += outcome.wakes.length;
  in_place += outcome.wakes.filter((depth) => depth === "l1").length;
  if (outcome.violations.length === 0) continue;
  bad += 1;
  process.stdout.write(`seed ${seed}\n${outcome.violations.map((v) => `  ${v}\n`).join("")}`);
}
const seconds = ((performance.now() - started) / 1000).toFixed(1);
process.stdout.write(
  `${count} stories of ${values.hours} h, ${transitions} transitions, ${wakes} wakes (${in_place} from l1), ${bad} bad, ${seconds} s\n`,
);
process.exit(bad === 0 ? 0 : 1);
