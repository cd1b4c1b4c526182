import type { NodemailerError } from "nodemailer";
import type { SettingsView } from "../../settings/groups.ts";
import type { Channel, Delivery, Outcome } from "./channel.ts";
import { asHtml, asText, messageOf } from "./message.ts";
import type { Notice } from "./notice.ts";

export interface MailParts {
  settings(): SettingsView["mail"];
  /** Throws a sentence when it cannot be read. */
  password(): string;
  /** Undefined for somebody who has no account any more. */
  emailOf(user_id: string): string | undefined;
  /** The dashboard's address, without a slash at its end. */
  origin(): string;
  /** For each of: name look-up, connecting, greeting. */
  step_timeout_ms?: number;
}

const silence_timeout_ms = 30_000;
/** For a whole delivery: a server may also be slow without ever being silent. */
const delivery_timeout_ms = 120_000;

/** One message per notice, to its owner and to everybody who gets everything. */
export function mailChannel(parts: MailParts): Channel {
  return {
    enabled: () => parts.settings().enabled,
    target: (notice) => recipientsOf(notice, parts).join(","),
    async deliver(delivery, signal) {
      let password = "";
      try {
        password = parts.password();
        return await send(delivery, password, parts, signal);
      } catch (error) {
        const detail = withoutSecret(wordsOf(error as NodemailerError), password);
        return { accepted: false, detail, retry: retryAfter(error), target: delivery.target };
      }
    },
  };
}

function recipientsOf(notice: Notice, { settings, emailOf }: MailParts): string[] {
  const { host, from, to } = settings();
  if (host === "" || from === "") return [];
  if (notice.kind === "test") return to.length > 0 ? [...to] : [notice.asked_by];
  const owner = "user_id" in notice ? emailOf(notice.user_id) : undefined;
  const everybody = owner === undefined ? to : [owner, ...to];
  return [...new Map(everybody.map((each) => [each.toLowerCase(), each])).values()];
}

async function send(
  { id, target, notice }: Delivery,
  password: string,
  { settings, origin, step_timeout_ms = 10_000 }: MailParts,
  signal: AbortSignal,
): Promise<Outcome> {
  // On demand: most appliances start more often than they send mail.
  const { createTransport } = await import("nodemailer");
  const { host, port, security, ca_pem, user, from } = settings();
  const message = messageOf(notice, origin());
  const transport = createTransport({
    host,
    port,
    secure: security === "tls",
    requireTLS: security === "starttls",
    ignoreTLS: security === "none",
    tls: { minVersion: "TLSv1.2", ...(ca_pem && { ca: ca_pem }) },
    ...(user && { auth: { user, pass: password } }),
    connectionTimeout: step_timeout_ms,
    greetingTimeout: step_timeout_ms,
    dnsTimeout: step_timeout_ms,
    socketTimeout: silence_timeout_ms,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const info = await transport.sendMail({
    from: { name: "Hypervize", address: from },
    to: target.split(","),
    subject: message.subject,
    text: asText(message),
    html: asHtml(message),
    messageId: `<${id}@${from.slice(from.lastIndexOf("@") + 1)}>`,
    // RFC 3834: keeps holiday notes from answering.
    headers: { "Auto-Submitted": "auto-generated", "X-Hypervize-Notice": id },
    signal: AbortSignal.any([signal, AbortSignal.timeout(delivery_timeout_ms)]),
  });
  // The server has taken it for the others already: only these are tried again.
  const refused = (info.rejectedErrors ?? []) as NodemailerError[];
  if (refused.length === 0) {
    return { accepted: true, detail: info.response, retry: "never", target };
  }
  const detail = refused.map((each) => `${each.recipient}: ${wordsOf(each)}`).join("; ");
  const retry = refused.every(isRefused) ? "limited" : "later";
  const left = info.rejected.join(",");
  return { accepted: false, detail: withoutSecret(detail, password), retry, target: left };
}

/**
 * Only what the server says of a recipient or of the message is about this notice. A refused password
 * or sender is about the settings, which somebody may set right within the day.
 */
function isRefused({ permanent, command, code }: NodemailerError): boolean {
  return permanent === true && (command === "RCPT TO" || code === "EMESSAGE");
}

const retryAfter = (error: unknown): Outcome["retry"] =>
  isRefused(error as NodemailerError) ? "limited" : "later";

function wordsOf({ response, timeoutType, message }: NodemailerError): string {
  if (response) return response;
  if (timeoutType) return `The server did not answer in time (${timeoutType}).`;
  return message;
}

/** A server that repeats what it was sent must not bring it into the log. */
function withoutSecret(words: string, secret: string): string {
  if (secret === "") return words;
  return words.replaceAll(secret, "…").replaceAll(btoa(secret), "…");
}
