import { appendFileSync, chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const MIB = 2 ** 20;

/**
 * GPUs that are not here: one file per GPU with lines "PID BYTES", written by whoever claims memory, and a
 * program that answers nvidia-smi's two queries from them. As with a real driver, what a process held is
 * free when it has ended; bytes of pid 0 belong to nobody.
 */
export class FakeGpus {
  readonly folder = mkdtempSync(join(tmpdir(), "hypervize-gpus-"));
  /** Of the nvidia-smi. */
  readonly path = join(this.folder, "bin", "nvidia-smi");

  readonly uuids: readonly string[];
  readonly vram_bytes: number;

  constructor(uuids: readonly string[], vram_bytes: number) {
    this.uuids = uuids;
    this.vram_bytes = vram_bytes;
    for (const uuid of uuids) writeFileSync(this.ledger(uuid), "");
    mkdirSync(join(this.folder, "bin"));
    writeFileSync(this.path, this.#program());
    chmodSync(this.path, 0o755);
  }

  /** The file that a process writes "PID BYTES" to. */
  ledger(uuid: string): string {
    return join(this.folder, uuid);
  }

  claim(uuid: string, pid: number, bytes: number): void {
    appendFileSync(this.ledger(uuid), `${pid} ${bytes}\n`);
  }

  release(uuid: string): void {
    writeFileSync(this.ledger(uuid), "");
  }

  /** From now on the driver does not answer. */
  hang(): void {
    writeFileSync(join(this.folder, "hangs"), "");
  }

  end(): void {
    rmSync(this.folder, { recursive: true });
  }

  #program(): string {
    return `#!/bin/sh
cd ${this.folder} || exit 1
[ -e hangs ] && exec sleep 60
for gpu in GPU-*; do
  used=0
  while read -r pid bytes; do
    if [ "$pid" != 0 ]; then
      state=$(sed -n 's/^State:.\\([A-Z]\\).*/\\1/p' "/proc/$pid/status" 2>/dev/null)
      case $state in ""|Z|X) continue ;; esac
    fi
    used=$((used + bytes / ${MIB}))
    case $1 in --query-compute-apps=gpu_uuid,pid,used_gpu_memory,process_name)
      [ "$pid" = 0 ] || echo "$gpu, $pid, $((bytes / ${MIB})), $(readlink "/proc/$pid/exe")" ;;
    esac
  done < "$gpu"
  case $1 in
  --query-gpu=uuid,memory.total,memory.used) echo "$gpu, ${this.vram_bytes / MIB}, $used" ;;
  --query-gpu=index,uuid,name,memory.total,memory.used,driver_version)
    echo "\${gpu##*-}, $gpu, NVIDIA H100 80GB HBM3, ${this.vram_bytes / MIB}, $used, 550.127.05" ;;
  esac
done
`;
  }
}
