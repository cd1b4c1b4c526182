/**
 * A program that speaks nvidia-smi's two questions, from files that a test writes: `gpus.csv` and `apps.csv` for what
 * it prints, `gpus.mode` and `apps.mode` for how it fails (hang, lost, old). It notes how it was called.
 */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

type Question = "gpus" | "apps";
type Mode = "" | "hang" | "lost" | "old";

/** `old` refuses one field as a driver before 535 does; `lost` fails unless healthy GPUs are named with -i. */
const program = (folder: string, pace_s: number): string => `#!/bin/sh
case "$*" in *--query-compute-apps*) question=apps ;; *) question=gpus ;; esac
echo "$*" >> ${folder}/$question.calls
claimed() {
  for claim in ${folder}/claims/*; do
    kill -0 "\${claim##*/}" 2>/dev/null && cat "$claim"
  done
}
rounds=0
while [ $rounds -lt 3000 ]; do
  rounds=$((rounds + 1))
  case "$(cat ${folder}/$question.mode)" in
    hang) exec sleep 60 ;;
    lost) case "$*" in -i*) ;; *)
      echo "Unable to determine the device handle for GPU0000:3B:00.0: Unknown Error"; exit 15 ;; esac ;;
    old) case "$*" in *clocks_event_reasons.active*)
      echo 'Field "clocks_event_reasons.active" is not a valid field to query.'; exit 2 ;; esac ;;
  esac
  [ $question = apps ] && { cat ${folder}/apps.csv && claimed; exit 0; }
  claims="$(claimed)"
  [ -z "$claims" ] && { cat ${folder}/gpus.csv || exit 1; }
  # Their memory is a part of the fifth field, which is what the GPU has in use.
  [ -n "$claims" ] && echo "$claims" | awk -F ', ' -v OFS=', ' \
    'NR == FNR { held[$1] += $3; next } NF > 5 && held[$2] { $5 += held[$2] } 1' - ${folder}/gpus.csv
  sleep ${pace_s}
done
`;

export class FakeSmi {
  readonly #folder = mkdtempSync(join(tmpdir(), "hypervize-smi-"));
  readonly path = join(this.#folder, "nvidia-smi");

  /** Where processes claim memory, each in a file named by its pid (runtimes/fakes/gpu-memory.ts). */
  readonly claims = join(this.#folder, "claims");

  /** PACE_S: how long it waits between two looks; real ones are asked for every second. */
  constructor(gpus: string, pace_s = 0.04) {
    mkdirSync(this.claims);
    writeFileSync(this.path, program(this.#folder, pace_s));
    chmodSync(this.path, 0o755);
    this.prints("gpus", gpus);
    this.prints("apps", "");
    this.fails("gpus", "");
    this.fails("apps", "");
  }

  prints(question: Question, csv: string): void {
    this.#write(`${question}.csv`, csv);
  }

  fails(question: Question, mode: Mode): void {
    this.#write(`${question}.mode`, mode);
  }

  /** The arguments of every start. */
  calls(question: Question): string[] {
    const path = join(this.#folder, `${question}.calls`);
    return existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : [];
  }

  end(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** At once, so that no half of it is read. */
  #write(name: string, text: string): void {
    const path = join(this.#folder, name);
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  }
}
