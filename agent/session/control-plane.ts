import { type ChannelOptions, credentials } from "@grpc/grpc-js";
import { control_plane_name, Fleet } from "../contract/protocol/messages.ts";

/** PEM texts. Without key and certificate the call is anonymous, as enrolment is. */
export interface Credentials {
  ca_pem: string;
  key_pem?: string;
  certificate_pem?: string;
}

export interface Keepalive {
  /** How long a silent connection is believed before it is asked with an HTTP/2 ping. */
  every_ms: number;
  /** How long the answer may take: a half-open TCP connection gives none. */
  within_ms: number;
}

const largest_message_bytes = 16 * 1024 * 1024;

/** A client for one address; its certificate is checked against our CA and the control plane's fixed name. */
export function dial(
  address: string,
  { ca_pem, key_pem, certificate_pem }: Credentials,
  keepalive: Keepalive,
): InstanceType<typeof Fleet> {
  const tls =
    key_pem === undefined || certificate_pem === undefined
      ? credentials.createSsl(Buffer.from(ca_pem))
      : credentials.createSsl(
          Buffer.from(ca_pem),
          Buffer.from(key_pem),
          Buffer.from(certificate_pem),
        );
  const options: ChannelOptions = {
    "grpc.ssl_target_name_override": control_plane_name,
    "grpc.default_authority": control_plane_name,
    "grpc.keepalive_time_ms": keepalive.every_ms,
    "grpc.keepalive_timeout_ms": keepalive.within_ms,
    "grpc.keepalive_permit_without_calls": 1,
    "grpc.max_receive_message_length": largest_message_bytes,
    // The pin is checked on a direct connection; a proxy from the environment is for the internet.
    "grpc.enable_http_proxy": 0,
    // Two clients of one address must not share a connection that one of them knows to be dead.
    "grpc.use_local_subchannel_pool": 1,
  };
  return new Fleet(address, tls, options);
}

/** Splits "host:port" and "[v6]:port". */
export function splitAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(":");
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, "$1");
  return { host, port: Number(address.slice(colon + 1)) };
}
