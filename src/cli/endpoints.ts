/** `hypervize endpoints`: Dedicated endpoints from the shell. */

import type { EndpointView } from "../control/models/endpoints/view.ts";
import type { DryRunView } from "../control/models/resolution/forecast.ts";
import type { Client } from "./client.ts";
import { type Terminal, UsageError, type Words } from "./command.ts";
import { printDryRun } from "./dry-run.ts";
import { bodyFrom, bodyOptions } from "./endpoints-body.ts";
import { printLogs } from "./endpoints-logs.ts";
import { progressLine, untilSettled } from "./endpoints-wait.ts";
import { type Action, list, type Noun, named, subject } from "./noun.ts";
import { table } from "./print.ts";

const path = (words: Words): string => `/api/endpoints/${encodeURIComponent(subject(words))}`;

export const endpoints: Noun = {
  name: "endpoints",
  summary: "Dedicated endpoints: list, create, show, update, pause, resume, sleep, wake, delete.",
  options: {
    ...bodyOptions,
    "dry-run": { help: "with create: only say where it would run" },
    wait: { help: "with create, update, resume and wake: until it is up or has failed" },
    tail: { value: "N", help: "with logs: last lines of each replica (default 200)" },
    replica: { value: "ID", help: "with logs: of this replica only" },
    follow: { help: "with logs: keep printing new lines" },
    limit: { value: "N", help: "with events: how many (default 100)" },
  },
  actions: {
    list: list("/api/endpoints", [
      ...["id", "name", "status", "model", "visibility", "ready_replicas", "url"],
    ]),
    create: {
      aliases: ["add"],
      takes: ["MODEL"],
      usage: "MODEL [--name NAME] [--gpu TYPE] [--max N] [--idle SECONDS] [--dry-run] [--wait] …",
      async call(client, words) {
        const dry = words.flag("dry-run") ? "?dry_run=1" : "";
        const body = { ...bodyFrom(words), model: named(words, "model") };
        return client.send("POST", `/api/provision${dry}`, body);
      },
      follow: (answer: EndpointView | DryRunView, client, words, terminal) =>
        "would_stop" in answer
          ? Promise.resolve(printDryRun(answer, words, terminal))
          : followed(answer, client, words, terminal),
    },
    show: {
      usage: "ID",
      takes: ["ID"],
      call: (client, words) => client.get(path(words)),
      say: inWords,
    },
    update: {
      takes: ["ID"],
      usage: "ID [--model MODEL] [--context TOKENS] [--max N] [--wait] …",
      async call(client, words) {
        const body = bodyFrom(words);
        if (Object.keys(body).length === 0) throw new UsageError("Say what to change.");
        return client.send("PATCH", path(words), body);
      },
      follow: followed,
    },
    pause: order("pause", "It is being paused, and does not wake."),
    resume: rise("resume", "It is being started again."),
    sleep: order("sleep", "It goes to sleep; the next request wakes it."),
    wake: rise("wake", "It is being woken."),
    delete: {
      aliases: ["remove"],
      usage: "ID",
      takes: ["ID"],
      call: (client, words) => client.send("DELETE", path(words)),
      say: ({ name }: EndpointView) => `${name} is being deleted; its replicas stop.`,
    },
    events: {
      takes: ["ID"],
      usage: "ID [--limit N]",
      columns: ["at", "from", "to", "reason", "detail"],
      call: (client, words) =>
        client.get(`${path(words)}/events?limit=${words.integer("limit", 1, 1000) ?? 100}`),
    },
    logs: {
      takes: ["ID"],
      usage: "ID [--tail N] [--replica ID] [--follow]",
      call: (_client, words) => Promise.resolve(path(words)),
      follow: (where: string, client, words, terminal) => printLogs(client, where, words, terminal),
    },
  },
};

function order(verb: string, effect: string): Action {
  return {
    usage: "ID",
    takes: ["ID"],
    call: (client, words) => client.send("POST", `${path(words)}/${verb}`),
    say: ({ name }: EndpointView) => `${name}: ${effect}`,
  };
}

/** An order after which it is to be up. */
function rise(verb: string, effect: string): Action {
  return {
    ...order(verb, effect),
    usage: "ID [--wait]",
    follow: (view: EndpointView, client, words, terminal) =>
      followed(view, client, words, terminal, `${view.name}: ${effect}`),
  };
}

async function followed(
  view: EndpointView,
  client: Client,
  words: Words,
  terminal: Terminal,
  begun = `${view.id}\n${view.name} is ${view.status}: ${view.openai_base_url}`,
): Promise<number> {
  const say = (each: EndpointView, sentence: string): void =>
    terminal.out(words.flag("json") ? JSON.stringify(each, null, 2) : sentence);
  if (!words.flag("wait")) {
    say(view, begun);
    return 0;
  }
  const line = progressLine(terminal);
  const look = () => client.get<EndpointView>(`/api/endpoints/${view.id}`);
  const settled = await untilSettled({
    look,
    noun: "endpoints",
    terminal,
    show: line.show,
  }).finally(line.clear);
  const { status, name, cause, detail } = settled;
  if (status === "up") {
    say(settled, `${name} is up: ${settled.openai_base_url}`);
    return 0;
  }
  if (words.flag("json")) say(settled, "");
  terminal.err(`${name} is ${status}. ${[cause, detail].filter(Boolean).join(": ")}`.trim());
  return 1;
}

/** The sizing in its own words, everything else by field. */
function inWords({ sizing, ...view }: EndpointView): string {
  const rows = Object.entries(view).map(([what, value]) => ({
    what,
    value: typeof value === "object" && value !== null ? JSON.stringify(value) : value,
  }));
  const words = sizing ? `\n\n${sizing.explanation}` : "";
  return `${table(rows, ["what", "value"])}${words}`;
}
