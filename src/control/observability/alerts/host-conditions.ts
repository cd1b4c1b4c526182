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
      key: `host_down/${id}`,
      kind: "host_down",
      severity: "critical",
      host: { id, name },
      gpu: null,
      title: "down",
      detail: silence,
      advice: "Check that the machine and its agent run and can reach this appliance.",
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
      key,
      kind: "disk_low",
      host: { id, name },
      gpu: null,
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
      key: `weights_damaged/${id}`,
      kind: "weights_damaged",
      severity: "critical",
      host: { id, name },
      gpu: null,
      title: "weights on its disk are damaged",
      detail: `The disk has lost some bytes of ${damaged_sources.join(", ")}, from which replicas run. Their answers may be wrong.`,
      advice:
        "Pause and resume the endpoint, or disable and enable the model: the weights are fetched again. Look at the disk with `smartctl -a`; when it happens again, replace it.",
    },
  ];
}

const day_ms = 86_400_000;
const ending_ms = 90 * day_ms;
const urgent_ms = 14 * day_ms;

/** Of the appliance. Without its CA or its own certificate no host can connect, and what runs there is not reached. */
export function certificateEnding(
  { id, name, certificates }: WatchedHost,
  now: number,
): Condition[] {
  if (certificates === null) return [];
  const { ca_expires_at, server_expires_at } = certificates;
  const ends = [
    {
      which: "ca",
      of: "The fleet's CA",
      expires_at: ca_expires_at,
      advice:
        "In a quiet hour stop the appliance, move the folder `ca` out of its home, and start it: it makes a new CA. Then let every host join again: stop its agent, delete agent/identity.json in its home, and start it with a new token. Remove the old entries of the hosts.",
    },
    {
      which: "server",
      of: "The certificate for agents",
      expires_at: server_expires_at,
      advice: "Restart the appliance: it makes a new one.",
    },
  ];
  return ends
    .filter(({ expires_at }) => expires_at - now <= ending_ms)
    .map(({ which, of, expires_at, advice }) => ({
      key: `certificate_ending/${id}/${which}`,
      kind: "certificate_ending",
      severity: expires_at - now <= urgent_ms ? "critical" : "warning",
      host: { id, name },
      gpu: null,
      title: "a certificate ends",
      advice,
      detail: `${of} ends on ${new Date(expires_at).toISOString().slice(0, 10)}. From then on no host can connect.`,
    }));
}
