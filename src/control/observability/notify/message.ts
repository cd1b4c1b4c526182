/** What a notice says to people, as a subject that says it all, plain text and HTML. Pure. */
import { explain } from "./cause.ts";
import type { Notice } from "./notice.ts";

export interface Message {
  subject: string;
  paragraphs: readonly string[];
  /** The runtime's last lines, without control characters. */
  log_tail: readonly string[];
  /** Where the dashboard shows more. */
  link: string;
}

type EndpointNotice = Extract<Notice, { endpoint: unknown }>;

/** ORIGIN is the dashboard's address, without a slash at its end. */
export function messageOf(notice: Notice, origin: string): Message {
  switch (notice.kind) {
    case "host_down":
    case "host_up":
      return {
        subject: `Host ${notice.host.name} is ${notice.kind === "host_up" ? "up again" : "down"}`,
        paragraphs: withTime(notice.at, [notice.detail]),
        log_tail: [],
        link: `${origin}/hosts`,
      };
    case "alert_raised":
    case "alert_resolved":
      return aboutAlert(notice, origin);
    case "test":
      return {
        subject: "Test message from Hypervize",
        paragraphs: withTime(notice.at, [
          `${notice.asked_by} asked for this message. Notifications arrive here.`,
        ]),
        log_tail: [],
        link: `${origin}/settings`,
      };
    default:
      return aboutEndpoint(notice, origin);
  }
}

function aboutAlert(
  { kind, at, host, title, detail, advice }: Extract<Notice, { alert: unknown }>,
  origin: string,
): Message {
  const isOver = kind === "alert_resolved";
  return {
    subject: `${isOver ? "Resolved: host" : "Host"} ${host.name}: ${title}`,
    paragraphs: withTime(
      at,
      isOver ? ["It is over.", `It was: ${detail}`] : [detail, `What to do next: ${advice}`],
    ),
    log_tail: [],
    link: `${origin}/hosts`,
  };
}

function aboutEndpoint(notice: EndpointNotice, origin: string): Message {
  const { id, model } = notice.endpoint;
  const explanation = explain(notice.cause);
  const next = explanation ? [`What to do next: ${explanation.advice}`] : [];
  const goesOn = notice.kind === "update_failed" ? ["The replicas from before keep serving."] : [];
  return {
    subject: endpointSubject(notice, explanation?.words),
    paragraphs: withTime(notice.at, [`Model: ${model}`, notice.detail, ...goesOn, ...next]),
    log_tail: notice.kind.endsWith("failed") ? notice.log_tail.map(printable) : [],
    link: `${origin}/endpoints${notice.kind === "endpoint_deleted" ? "" : `?id=${encodeURIComponent(id)}`}`,
  };
}

function endpointSubject({ kind, endpoint }: EndpointNotice, why = "see its events"): string {
  switch (kind) {
    case "endpoint_up":
      return `Endpoint ${endpoint.name} is up`;
    case "endpoint_failed":
      return `Endpoint ${endpoint.name} failed: ${why}`;
    case "update_failed":
      return `Update of endpoint ${endpoint.name} failed: ${why}`;
    case "endpoint_deleted":
      return `Endpoint ${endpoint.name} is deleted`;
  }
}

export function asText({ paragraphs, log_tail, link }: Message): string {
  const log = log_tail.length > 0 ? [`Last lines of the runtime:\n\n${indented(log_tail)}`] : [];
  return `${[...paragraphs, ...log, link].join("\n\n")}\n`;
}

export function asHtml({ subject, paragraphs, log_tail, link }: Message): string {
  const body = paragraphs.map((paragraph) => `<p>${Bun.escapeHTML(paragraph)}</p>`);
  const log = Bun.escapeHTML(log_tail.join("\n"));
  const box = "background:#f4f4f5;padding:12px;border-radius:6px;overflow:auto;font-size:12px";
  return [
    '<!doctype html><html lang="en"><body style="font-family:system-ui,sans-serif;color:#18181b;line-height:1.5">',
    `<h1 style="font-size:18px">${Bun.escapeHTML(subject)}</h1>`,
    ...body,
    ...(log ? [`<p>Last lines of the runtime:</p><pre style="${box}">${log}</pre>`] : []),
    `<p><a href="${Bun.escapeHTML(link)}">Open in the dashboard</a></p>`,
    "</body></html>\n",
  ].join("\n");
}

function withTime(at: number, paragraphs: readonly string[]): string[] {
  const time = new Date(at).toISOString().replace("T", " ").replace(/\..*/, " UTC");
  return [...paragraphs.filter((paragraph) => paragraph !== ""), `Time: ${time}`];
}

/** Runtimes colour their lines, and a mail program shows the codes of that (ECMA-48 8.3.117). */
function printable(line: string): string {
  return line
    .replace(/\p{Cc}\[[\d;]*m/gu, "")
    .replace(/\p{Cc}/gu, " ")
    .slice(0, 500);
}

const indented = (lines: readonly string[]): string =>
  lines.map((line) => `    ${line}`).join("\n");
