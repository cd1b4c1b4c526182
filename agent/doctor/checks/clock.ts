import { fail, type Judgement, ok, unknown, warn } from "../finding.ts";
import type { Host } from "../host.ts";

export interface ClockSigns {
  /** Ours ahead of the control plane's; null when nobody could be asked. */
  ahead_ms: number | null;
  /** Of timedatectl; null when it does not say. */
  synchronised: boolean | null;
}

/** URL: of the control plane's HTTP port; undefined when it is not known. */
export async function probeClock(host: Host, url: string | undefined): Promise<ClockSigns> {
  const before = host.now();
  const theirs =
    url === undefined ? undefined : await host.dateOf(new URL("/api/health", url).href);
  const middle = (before + host.now()) / 2;
  const ran = await host.run("timedatectl", "show", "--property=NTPSynchronized", "--value");
  const word = /^(yes|no)$/m.exec(ran?.output ?? "")?.[1];
  return {
    // A Date header is cut to the second.
    ahead_ms: theirs === undefined ? null : Math.round(middle - (theirs + 500)),
    synchronised: word === undefined ? null : word === "yes",
  };
}

/** Certificates are dated back by 5 minutes, so hosts that are further behind are refused. */
const most_ms = 300_000;
const usual_ms = 3000;
const advice = "Let NTP set the clock: timedatectl set-ntp true, or install chrony.";

export function judgeClock({ ahead_ms, synchronised }: ClockSigns): Judgement {
  if (ahead_ms === null) {
    if (synchronised === true) return ok("Kept by NTP; the control plane was not asked.");
    if (synchronised === false) return warn("Not kept by NTP.", advice);
    return unknown("Nobody could be asked for the time.", "Name the appliance with --url.");
  }
  const apart_s = Math.round(Math.abs(ahead_ms) / 1000);
  const detail = `${apart_s} s ${ahead_ms < 0 ? "behind" : "ahead of"} the control plane.`;
  if (Math.abs(ahead_ms) > most_ms) return fail(detail, advice);
  if (Math.abs(ahead_ms) > usual_ms) return warn(detail, advice);
  return ok("The same as the control plane's.");
}
