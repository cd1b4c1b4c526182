/** The store of S3 that is set up: for reading here, and for hosts. */
import type { S3Access } from "../../agent/contract/protocol/messages.ts";
import { fetchOutside } from "../../agent/contract/proxy.ts";
import type { S3Store } from "../control/scheduler/sizing/s3-request.ts";
import { s3Access } from "../control/settings/s3-access.ts";
import type { Settings } from "../control/settings/settings.ts";
import { clock } from "./clock.ts";

/** CHANGED: something else may open it now. */
export function composeStore(settings: Settings, changed: () => void, log: (line: string) => void) {
  const reader: S3Store = {
    access: () => s3Access(settings),
    fetch: fetchOutside,
    now: clock.now,
    timeout_ms: 8000,
  };
  let unreadable = "";
  settings.onChange(changed);
  return {
    reader,
    /** When the key file is another one, hosts get none, and one line says so. */
    forHosts(): S3Access | null {
      try {
        return s3Access(settings);
      } catch (error) {
        const sentence = error instanceof Error ? error.message : String(error);
        if (unreadable !== sentence) log(`s3: ${sentence}`);
        unreadable = sentence;
        return null;
      }
    },
  };
}
