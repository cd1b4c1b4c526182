/** The fleet as the rules of alerts look at it, every few seconds. */
import { statfs } from "node:fs/promises";
import type { HostRow, Hosts } from "../../fleet/hosts.ts";
import type { Settings } from "../../settings/settings.ts";
import type { Database } from "../../storage/database.ts";
import type { DashboardEvents } from "../notify/dashboard-events.ts";
import type { Outbox } from "../notify/outbox.ts";
import { Alerts } from "./alerts.ts";
import { ExpectedGpus } from "./expected-gpus.ts";
import type { Disk, WatchedHost } from "./watched.ts";

export interface FleetWatchDeps {
  database: Database;
  now(): number;
  settings: Pick<Settings, "current">;
  outbox: Pick<Outbox, "add">;
  hosts: Hosts;
  certificates: NonNullable<WatchedHost["certificates"]>;
  live: Pick<DashboardEvents, "changed">;
  /** The data folder, whose disk is watched too, and what this machine calls itself. */
  home: string;
  name: string;
  log(line: string): void;
}

const interval_ms = 10_000;
/** In the place of a host's id. */
const appliance = "appliance";

export function watchFleet(parts: FleetWatchDeps) {
  const { database, now, settings, outbox, hosts, certificates, live, home, name, log } = parts;
  const changed = () => live.changed("hosts");
  const alerts = new Alerts(
    database,
    {
      thresholds: () => settings.current().alerts,
      tell: (notice) => outbox.add(notice),
      changed,
    },
    now(),
  );
  const expected = new ExpectedGpus(alerts.open());
  /** Hosts that fell silent, with the sentence that says so. */
  const silences = new Map<string, string>();
  let timer: ReturnType<typeof setInterval> | undefined;
  let stopped = false;

  async function look(): Promise<void> {
    try {
      const disk = await diskOf(home);
      if (stopped) return;
      const at = now();
      const rows = hosts.list();
      expected.keepOnly(new Set(rows.map(({ id }) => id)));
      const watched = rows.map((row) => watchedHost(row, at));
      const beside = watched.filter(({ id, sight }) => sight === "up" && hosts.ways(id)?.loopback);
      const own_disk = beside.some((host) => isSameDisk(host.disk, disk)) ? null : disk;
      alerts.observe([...watched, { ...applianceAt(name), disk: own_disk, certificates }], at);
    } catch (error) {
      log(`alerts: ${error instanceof Error ? error.message : String(error)}`);
    }
    // Numbers of hosts come with every heartbeat; who looks at them sees them move.
    changed();
  }

  function watchedHost({ id, name, inventory }: HostRow, now: number): WatchedHost {
    const heartbeat = hosts.heartbeat(id);
    const up = hosts.isUp(id);
    const gpus = inventory?.gpus ?? [];
    const free_bytes = heartbeat?.disk_free_bytes ?? inventory?.disk_free_bytes ?? 0;
    return {
      id,
      name,
      gpus,
      silence: silences.get(id) ?? "",
      sight: up ? "up" : silences.has(id) ? "silent" : "unclear",
      disk: inventory && {
        path: "the agent's data folder",
        free_bytes,
        bytes: inventory.disk_bytes,
      },
      damaged_sources: heartbeat?.damaged_sources ?? [],
      certificates: null,
      samples: heartbeat?.gpus ?? [],
      xids: heartbeat?.xids ?? [],
      missing: expected.missing(id, gpus, now),
    };
  }

  hosts.onPresence(({ host, up, detail }) => {
    if (up) silences.delete(host.id);
    else silences.set(host.id, detail);
    void look();
  });

  return {
    alerts,
    start() {
      void look();
      timer = setInterval(() => void look(), interval_ms);
    },
    stop() {
      stopped = true;
      clearInterval(timer);
    },
  };
}

async function diskOf(home: string): Promise<Disk> {
  const { bsize, blocks, bavail } = await statfs(home);
  return { path: home, free_bytes: bsize * bavail, bytes: bsize * blocks };
}

/** An agent beside us may watch the same disk, and one alert is enough: one that has room does not report ours. */
export const isSameDisk = (theirs: Disk | null, ours: Disk): boolean =>
  theirs?.bytes === ours.bytes && Math.abs(theirs.free_bytes - ours.free_bytes) < ours.bytes / 100;

const applianceAt = (name: string): Omit<WatchedHost, "disk" | "certificates"> => ({
  id: appliance,
  name,
  sight: "up",
  silence: "",
  damaged_sources: [],
  gpus: [],
  samples: [],
  xids: [],
  missing: [],
});
