import { type Judgement, ok, unknown, warn } from "../finding.ts";
import type { Host, Ran } from "../host.ts";

export const probePersistence = (host: Host): Promise<Ran | undefined> =>
  host.run("nvidia-smi", "--query-gpu=persistence_mode", "--format=csv,noheader");

/** Without persistence the driver ends with its last client, and every start pays for it again. */
export function judgePersistence(ran: Ran | undefined): Judgement {
  if (ran === undefined) return ok("No NVIDIA GPU here.");
  const modes = ran.output.split("\n").filter((line) => /^(?:Enabled|Disabled)\s*$/.test(line));
  if (ran.code !== 0 || modes.length === 0) return unknown("nvidia-smi does not say.");
  const off = modes.filter((mode) => mode.startsWith("Disabled")).length;
  if (off === 0) return ok(`On for ${modes.length} GPU(s).`);
  return warn(
    `Off for ${off} of ${modes.length} GPU(s), so a start waits for the driver to come up.`,
    "Enable it: systemctl enable --now nvidia-persistenced.",
  );
}
