/** What is wrong with a host, from when it is noticed until it is over. */
export type AlertKind =
  | "host_down"
  | "disk_low"
  | "weights_damaged"
  | "certificate_ending"
  | "gpu_silent"
  | "gpu_lost"
  | "gpu_xid"
  | "gpu_ecc"
  | "gpu_throttled";

export type Severity = "warning" | "critical";

/** Something that is wrong at this moment. */
export interface Condition {
  /** `KIND/HOST_ID` and what else tells it from others: one key is one alert for as long as it lasts. */
  key: string;
  kind: AlertKind;
  severity: Severity;
  host: { id: string; name: string };
  gpu: { index: number; uuid: string } | null;
  /** Follows "Host NAME: ". */
  title: string;
  /** In sentences, with the numbers of now. */
  detail: string;
  /** What to do, in sentences. */
  advice: string;
}

/** A condition that lasted, and was reported. */
export interface Alert extends Condition {
  id: string;
  raised_at: number;
  /** False while nobody was notified, because the same was reported a short time ago. */
  notified: boolean;
}

export interface Patience {
  /** How long a condition must last before it is an alert. */
  raise_after_ms: number;
  /** How long it must be gone before the alert is over: what flickers is one alert. */
  clear_after_ms: number;
}
