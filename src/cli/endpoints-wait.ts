/** Waiting at a terminal until an endpoint is up or has failed. */
import { setTimeout as pause } from "node:timers/promises";
import type { EndpointView } from "../control/models/endpoints/view.ts";
import type { Terminal } from "./command.ts";

const look_ms = 500;
const moving = /^(?:building|waking_up|updating|draining|placing|starting)$/;

/** What is looked at of an endpoint, or of a shared model. */
export type Starting = Pick<EndpointView, "name" | "phase" | "progress" | "detail"> & {
  status: string;
};

export interface Watched<View extends Starting> {
  look(): Promise<View>;
  /** Of the command whose `show` tells more. */
  noun: string;
  terminal: Terminal;
  /** Shows TEXT in place of the one before. */
  show(text: string): void;
  look_ms?: number;
}

/** The last view: up, or wherever nothing moves any more without a person. */
export async function untilSettled<View extends Starting>({
  look,
  noun,
  terminal,
  show,
  ...rest
}: Watched<View>): Promise<View> {
  for (;;) {
    const view = await look();
    if (!moving.test(view.status)) return view;
    show(progressText(view));
    await pause(rest.look_ms ?? look_ms, undefined, { signal: terminal.stop }).catch(() => {
      throw new Error(
        `${view.name} is still in progress; \`hypervize ${noun} show ${view.name}\` shows it.`,
      );
    });
  }
}

/** Such as `chat: downloading, 1.5 of 4.0 GiB, 85.0 MiB/s, 30 s left`. */
export function progressText({ name, status, phase, progress, detail }: Starting): string {
  const words = [phase ?? status.replace("_", " ")];
  if (progress && progress.download_bytes > 0) {
    const done = inUnit(progress.downloaded_bytes, gib);
    words.push(`${done} of ${inUnit(progress.download_bytes, gib)} GiB`);
  } else if (progress) words.push(`${inUnit(progress.downloaded_bytes, gib)} GiB`);
  if (progress && progress.bytes_per_s > 0) {
    words.push(`${inUnit(progress.bytes_per_s, mib)} MiB/s`);
  }
  if (progress && progress.eta_s !== null) words.push(`${duration(progress.eta_s)} left`);
  if (detail !== "") words.push(detail);
  return `${name}: ${words.join(", ")}`.replace(/\p{Cc}/gu, " ");
}

const mib = 2 ** 20;
const gib = 2 ** 30;
const inUnit = (bytes: number, unit: number): string => (bytes / unit).toFixed(1);
const duration = (seconds: number): string =>
  seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;

/**
 * One line that is written over where stderr is a terminal; elsewhere a new line whenever more
 * than the numbers has changed.
 */
export function progressLine({ err }: Terminal, stream = process.stderr) {
  let before = "";
  return {
    show(text: string): void {
      const words = text.replace(/[\d.]+/g, "");
      if (stream.isTTY) stream.write(`\r\u001b[K${text.slice(0, (stream.columns ?? 80) - 1)}`);
      else if (words !== before) err(text);
      before = words;
    },
    /** Leaves the terminal as it was. */
    clear(): void {
      if (stream.isTTY && before !== "") stream.write("\r\u001b[K");
    },
  };
}
