/** What is wrong with a host just now, but for its GPUs. Pure. */
import type { Condition } from "./alert.ts";
import type { Disk, Thresholds, WatchedHost } from "./watched.ts";

const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
/** A disk that is written to all the time crosses a threshold again and again: it must be freed by more. */
const clear_margin_percent = 2;

export function hostDown({ id, name, sight, silence }: WatchedHost): Condition[] {
  if (sight !== "silent") return [];
  return [
    {
      ...{ key: `host_down/${id}`, kind: "host_down", severity: "critical" },
      ...{ host: { id, name }, gpu: null, title: "down", detail: silence },
      advice: "Look whether the machine and its agent run and reach this appliance.",
    },
  ];
}

/** IS_OPEN: it is an alert already. */
export function diskLow(
  host: { id: string; name: string; disk: Disk | null },
  { disk_free_percent }: Pick<Thresholds, "disk_free_percent">,
  isOpen: (key: string) => boolean,
): Condition[] {
  const { id, name, disk } = host;
  if (!disk || disk.bytes === 0) return [];
  const key = `disk_low/${id}`;
  const free_percent = (100 * disk.free_bytes) / disk.bytes;
  const least = disk_free_percent + (isOpen(key) ? clear_margin_percent : 0);
  if (free_percent >= least) return [];
  return [
    {
      ...{ key, kind: "disk_low", host: { id, name }, gpu: null },
      severity: free_percent < disk_free_percent / 3 ? "critical" : "warning",
      title: "disk nearly full",
      detail: `Of the disk of ${disk.path}, ${gib(disk.free_bytes)} of ${gib(disk.bytes)} are free (${free_percent.toFixed(1)}%).`,
      advice: "Free space there, or remove models that nobody uses.",
    },
  ];
}

/** Also when it runs well: what is read from the disk again may be wrong. */
export function weightsDamaged({ id, name, damaged_sources }: WatchedHost): Condition[] {
  if (damaged_sources.length === 0) return [];
  return [
    {
      ...{ key: `weights_damaged/${id}`, kind: "weights_damaged", severity: "critical" },
      ...{ host: { id, name }, gpu: null, title: "weights on its disk are damaged" },
      detail: `The disk has lost some bytes of ${damaged_sources.join(", ")}, from which replicas run. Their answers may be wrong.`,
      advice:
        "Pause and resume the endpoint, or disable and enable the model: the weights are fetched again. Look at the disk with `smartctl -a`; when it happens again, replace it.",
    },
  ];
}
