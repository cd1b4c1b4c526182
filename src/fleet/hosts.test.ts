import { expect, test } from "bun:test";
import { openDatabase } from "../storage/database.ts";
import { hello } from "./fleet-testbed.ts";
import { Hosts, type Line } from "./hosts.ts";
import { hosts as table } from "./table.ts";

function world() {
  const database = openDatabase(":memory:");
  database
    .insert(table)
    .values({
      id: "host_a",
      name: "a",
      certificate_sha256: "00",
      certificate_expires_at: 1e15,
      agent_version: "",
      cordoned: false,
      joined_at: 0,
    })
    .run();
  const clock = { now: 1_000_000 };
  const changes: string[] = [];
  const hosts = new Hosts(database, () => clock.now);
  hosts.onChange((change) => changes.push(change));
  const line: Line = { remote_address: null, send: () => undefined, close: () => undefined };
  return { database, clock, hosts, line, changes };
}

const heartbeat = {
  heartbeat: { at_ms: 0, memory_used_bytes: 1, disk_free_bytes: 1, cpu_ratio: 0 },
};

test("a host is up while it beats, and down after three missed beats", () => {
  const { clock, hosts, line } = world();
  expect(hosts.isUp("host_a")).toBe(false);
  hosts.connected("host_a", hello, line);
  clock.now += 15_000;
  expect(hosts.isUp("host_a")).toBe(true);
  clock.now += 2000;
  expect(hosts.isUp("host_a")).toBe(false);
  expect(hosts.downFor("host_a")).toBe(17_000);
  hosts.heard("host_a", heartbeat);
  expect(hosts.isUp("host_a")).toBe(true);
});

test("a stream that breaks and comes back within seconds is no outage", () => {
  const { clock, hosts, line } = world();
  hosts.connected("host_a", hello, line);
  clock.now += 4000;
  hosts.heard("host_a", heartbeat);
  hosts.disconnected("host_a", line);
  clock.now += 4000;
  expect(hosts.isUp("host_a")).toBe(true);
  clock.now += 2000;
  expect(hosts.isUp("host_a")).toBe(false);
});

test("what a host said last is kept while it is away", () => {
  const { hosts, line } = world();
  hosts.connected("host_a", hello, line);
  hosts.heard("host_a", { observed: { generation: 1, replicas: [] } });
  hosts.heard("host_a", heartbeat);
  hosts.disconnected("host_a", line);
  expect(hosts.heartbeat("host_a")).toEqual(heartbeat.heartbeat);
  expect(hosts.reach("host_a")).toEqual({ via: "loopback" });
});

test("a host that dialled from elsewhere is reached by its relay, if it has one", () => {
  const { hosts, line } = world();
  expect(hosts.reach("host_a")).toBeNull();
  const far = { ...line, remote_address: "10.0.0.7" };
  hosts.connected("host_a", { ...hello, relay_port: 9000 }, far);
  const relay = { via: "relay", host: "10.0.0.7", port: 9000, certificate_sha256: "00" } as const;
  expect(hosts.reach("host_a")).toEqual(relay);
  hosts.connected("host_a", { ...hello, relay_port: 0 }, far);
  expect(hosts.reach("host_a")).toBeNull();
});

test("heartbeats do not write to the database, but once a minute", () => {
  const { clock, hosts, line, database } = world();
  hosts.connected("host_a", hello, line);
  const writes = () => database.$client.prepare("select total_changes() as n").get();
  const before = writes();
  for (let i = 0; i < 11; i++) {
    clock.now += 5000;
    hosts.heard("host_a", heartbeat);
  }
  expect(writes()).toEqual(before);
  clock.now += 5000;
  hosts.heard("host_a", heartbeat);
  expect(writes()).not.toEqual(before);
});

test("the end of an older stream does not take the newer one down", () => {
  const { clock, hosts, line } = world();
  const newer = { ...line };
  hosts.connected("host_a", hello, line);
  hosts.connected("host_a", hello, newer);
  hosts.disconnected("host_a", line);
  clock.now += 10_000;
  expect(hosts.isUp("host_a")).toBe(true);
});

test("cordon and removal outlive a restart", () => {
  const { database, hosts } = world();
  hosts.setCordoned("host_a", true);
  expect(new Hosts(database, () => 0).find("host_a").cordoned).toBe(true);
  hosts.remove("host_a");
  expect(new Hosts(database, () => 0).list()).toEqual([]);
  expect(() => hosts.find("host_a")).toThrow("no host with this id");
});
