/** How far the weights have come. */
import type { EndpointView } from "../src/app/control-api.ts";
import { bytes, bytesOf, duration } from "./format.ts";
import { Meter } from "./meter.tsx";

export function Download({ progress }: Pick<EndpointView, "progress">) {
  if (!progress) return null;
  const { downloaded_bytes, download_bytes, bytes_per_s, eta_s } = progress;
  const known = download_bytes > 0;
  const left = eta_s === null ? "" : `, ${duration(eta_s * 1000)} left`;
  const amount = known ? bytesOf(downloaded_bytes, download_bytes) : bytes(downloaded_bytes);
  return (
    <Meter
      label="Download"
      text={`${amount} at ${bytes(bytes_per_s)}/s${left}`}
      ratio={known ? downloaded_bytes / download_bytes : null}
    />
  );
}
