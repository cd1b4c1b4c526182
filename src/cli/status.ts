import { homesFrom } from "../app/config.ts";
import type { HostView, ModelView } from "../app/control-api.ts";
import { clientFor } from "./client.ts";
import type { Command } from "./command.ts";
import { withPhase } from "./models.ts";
import { table } from "./print.ts";

export const status: Command = {
  name: "status",
  summary: "Shows whether the appliance is up, its hosts and its models.",
  options: {
    home: { value: "DIR", help: "home of the appliance (default: $HYPERVIZE_HOME)" },
    json: { help: "print as JSON" },
  },
  async run(words, terminal) {
    const client = clientFor(homesFrom(words.text("home"), ["appliance"]));
    const [health, hosts, models] = await Promise.all([
      client.get<{ version: string; uptime_s: number }>("/api/health"),
      client.get<{ data: HostView[] }>("/api/hosts"),
      client.get<{ data: ModelView[] }>("/api/models"),
    ]);
    if (words.flag("json")) {
      terminal.out(JSON.stringify({ ...health, hosts: hosts.data, models: models.data }, null, 2));
      return 0;
    }
    terminal.out(`Hypervize ${health.version}, up for ${Math.round(health.uptime_s)} s`);
    terminal.out(`\nHosts\n${table(rows(hosts.data), ["id", "name", "status", "cordoned"])}`);
    terminal.out(
      `\nModels\n${table(rows(models.data.map(withPhase)), ["id", "status", "ready_replicas", "starting_replicas", "problem"])}`,
    );
    return 0;
  },
};

function rows(list: readonly object[]): Record<string, unknown>[] {
  return list.map((item) => ({ ...item }));
}
