/** What grpc-js writes around the cause of a failed connection. */
const around = /^No connection established\. Last error: (?:Error: )?(.*)\. Resolution note: .*$/s;

/**
 * What gRPC said about a failed connection, or a guess when the control plane's certificate is not of this
 * time: it lasts a year and is renewed in time, so it is rather a clock that is wrong (OpenSSL's
 * X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED).
 */
export function withClockHint(details: string, now_ms: number): string {
  if (!/certificate (?:is not yet valid|has expired)/i.test(details)) {
    return details.replace(around, "$1");
  }
  const here = new Date(now_ms)
    .toISOString()
    .replace(/\.\d+Z$/, " UTC")
    .replace("T", " ");
  return `its certificate is not valid at ${here}, which is what this host's clock says; if that is wrong, set it by NTP: timedatectl set-ntp true`;
}
