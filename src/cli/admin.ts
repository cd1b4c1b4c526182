/** The admin API from the shell. */
import type { UsageSummary } from "../app/control-api.ts";
import type { Command } from "./command.ts";
import { endpoints } from "./endpoints.ts";
import { limitOptions, limitsFrom, limitUsage } from "./limit-options.ts";
import { models } from "./models.ts";
import { type Action, commandOf, list, type Noun, named, needed, pathOf } from "./noun.ts";
import { type Row, table } from "./print.ts";

const keys: Noun = {
  name: "keys",
  summary: "API keys: list, create, delete.",
  options: {
    name: { value: "TEXT", help: "name of the new key, unless it follows the verb" },
    scope: { value: "inference|admin", help: "what the new key may do (default inference)" },
    ...limitOptions,
    cidr: { value: "NETWORK", repeated: true, help: "the only network that it may be used from" },
  },
  actions: {
    list: list("/api/keys", ["id", "name", "prefix", "last4", "scope", "user_email", "revoked_at"]),
    create: {
      aliases: ["add"],
      usage: `NAME [--scope inference|admin] ${limitUsage} [--cidr NETWORK …]`,
      takes: ["NAME"],
      call: (client, words) =>
        client.send("POST", "/api/keys", {
          name: named(words, "name"),
          ...(words.text("scope") && { scope: words.text("scope") }),
          ...limitsFrom(words),
          ...(words.texts("cidr").length > 0 && { allowed_cidrs: words.texts("cidr") }),
        }),
      say: ({ key }: { key: string }) => `${key}\nKeep it now: it is not shown again.`,
    },
    delete: {
      aliases: ["revoke", "remove"],
      usage: "ID|NAME",
      takes: ["ID"],
      call: async (client, words) =>
        client.send("DELETE", await pathOf(client, words, "/api/keys", "name")),
      say: ({ id, streams_cut }: { id: string; streams_cut: number }) =>
        `${id} is revoked; ${streams_cut} open requests were cut.`,
    },
  },
};

const users: Noun = {
  name: "users",
  summary: "People who may sign in: list, create, delete.",
  options: {
    email: {
      value: "ADDRESS",
      help: "e-mail of the new user, unless it follows the verb",
    },
    role: { value: "viewer|member|admin", help: "role of the new user (default member)" },
    password: { value: "TEXT", help: "password of the new user (10 characters or more)" },
    team: { value: "ID", help: "team of the new user (default none)" },
    ...limitOptions,
  },
  actions: {
    list: list("/api/users", ["id", "email", "name", "role"]),
    create: {
      aliases: ["add"],
      usage: `ADDRESS --password TEXT [--role viewer|member|admin] [--team ID] ${limitUsage}`,
      takes: ["ADDRESS"],
      call: (client, words) =>
        client.send("POST", "/api/users", {
          email: named(words, "email"),
          password: needed(words, "password"),
          role: words.text("role") ?? "member",
          ...(words.text("team") && { team_id: words.text("team") }),
          ...limitsFrom(words),
        }),
      say: ({ id, email }: { id: string; email: string }) => `${email} is ${id}.`,
    },
    delete: {
      aliases: ["remove"],
      usage: "ID|ADDRESS",
      takes: ["ID"],
      call: async (client, words) =>
        client.send("DELETE", await pathOf(client, words, "/api/users", "email")),
      say: ({ streams_cut }: { streams_cut: number }) =>
        `Deleted, with their keys and sessions; ${streams_cut} open requests were cut.`,
    },
  },
};

const hosts: Noun = {
  name: "hosts",
  summary: "GPU hosts: list, make a join token, cordon, uncordon, drain, delete.",
  options: {
    "keep-runtimes": { help: "with delete: what runs on the host keeps running" },
    "expires-in": { value: "SECONDS", help: "how long the join token is valid (default 24 h)" },
  },
  actions: {
    list: list("/api/hosts", [
      "id",
      "name",
      "status",
      "cordoned",
      "draining",
      "via",
      "labels",
      "agent_version",
    ]),
    "join-token": {
      usage: "[--expires-in SECONDS]",
      call: (client, words) => {
        const expires_in_s = words.integer("expires-in", 60, 604_800);
        return client.send("POST", "/api/hosts/join-tokens", expires_in_s ? { expires_in_s } : {});
      },
      say: ({ command }: { command: string }) =>
        `Run this on the host, once:\n${command}\nor, to install it there as a service:\n${command.replace(/^hypervize agent/, "./install.sh --agent")}`,
    },
    cordon: onHost("cordon", "gets no new replicas"),
    uncordon: onHost("uncordon", "may get new replicas"),
    drain: onHost("drain", "gets no new replicas; existing ones move to other hosts"),
    delete: {
      aliases: ["remove"],
      usage: "ID|NAME [--keep-runtimes]",
      takes: ["ID"],
      call: async (client, words) => {
        const query = words.flag("keep-runtimes") ? "?keep_runtimes=true" : "";
        return client.send("DELETE", (await pathOf(client, words, "/api/hosts", "name")) + query);
      },
      say: () =>
        "Deleted. Its certificate is refused from now on. Its agent stops what runs there, unless you said --keep-runtimes.",
    },
  },
};

function onHost(verb: string, effect: string): Action {
  return {
    usage: "ID|NAME",
    takes: ["ID"],
    call: async (client, words) =>
      client.send("POST", `${await pathOf(client, words, "/api/hosts", "name")}/${verb}`),
    say: ({ name }: { name: string }) => `${name} ${effect}.`,
  };
}

const groups = "model|key|user|endpoint|day";
const asRow = (group: object): Row => ({ ...group });

const usage: Noun = {
  name: "usage",
  summary: "What was used: requests and tokens by model, key, user, endpoint or day.",
  options: { by: { value: groups, help: "how to group (default model)" } },
  actions: {
    list: {
      usage: `[--by ${groups}]`,
      say: ({ by, data }: UsageSummary) => {
        const columns = ["requests", "errors", "prompt_tokens", "completion_tokens", "cost"];
        if (by !== "day") return table(data.map(asRow), ["key", ...columns]);
        // Of days the appliance tells also those without a request; a page of zeros helps nobody here.
        const days = data.filter(({ requests }) => requests > 0);
        const dated = days.map((one) => ({
          ...one,
          day: new Date(Number(one.key)).toISOString().slice(0, 10),
        }));
        return table(dated, ["day", ...columns]);
      },
      call: (client, words) =>
        client.get(`/api/usage?by=${encodeURIComponent(words.text("by") ?? "model")}`),
    },
  },
};

export const adminCommands: readonly Command[] = [endpoints, keys, users, hosts, models, usage].map(
  commandOf,
);
