import { expect, test } from "bun:test";
import type { Command, Desired } from "../../../agent/contract/protocol/messages.ts";
import { openDatabase } from "../storage/database.ts";
import { hello } from "./fleet.testbed.ts";
import { Hosts } from "./hosts.ts";
import type { AgentStream } from "./presence.ts";
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
  const reports: string[] = [];
  const report = (error: unknown) => void reports.push(String(error));
  const hosts = new Hosts(database, () => clock.now, report, "our network");
  hosts.onChange((change) => changes.push(change));
  const line: AgentStream = {
    remote_address: "127.0.0.1",
    send: () => undefined,
    close: () => undefined,
  };
  return { database, clock, hosts, line, changes, reports };
}

const heartbeat = {
  heartbeat: {
    at_ms: 0,
    memory_used_bytes: 1,
    disk_free_bytes: 1,
    cpu_ratio: 0,
    cache_used_bytes: 4,
    download_bytes_total: 5,
    gpus: [],
    xids: [],
    damaged_sources: [],
  },
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
  hosts.heard("host_a", { observed: { generation: 1, replicas: [], sources: [] } });
  hosts.heard("host_a", heartbeat);
  hosts.disconnected("host_a", line);
  expect(hosts.heartbeat("host_a")).toEqual(heartbeat.heartbeat);
  expect(hosts.reach("host_a")).toMatchObject({ via: "relay" });
});

test("a host that dialled from elsewhere is reached by its relay, or by tunnel where that cannot be", () => {
  const { hosts, line } = world();
  expect(hosts.reach("host_a")).toBeNull();
  const far = { ...line, remote_address: "10.0.0.7" };
  hosts.connected("host_a", { ...hello, relay_port: 9000 }, far);
  const relay = { via: "relay", host: "10.0.0.7", port: 9000 } as const;
  expect(hosts.reach("host_a")).toEqual(relay);
  hosts.useTunnel("host_a", true);
  expect(hosts.reach("host_a")).toEqual({ via: "tunnel" });
  hosts.useTunnel("host_a", false);
  expect(hosts.reach("host_a")).toEqual(relay);
  hosts.connected("host_a", { ...hello, relay_port: 9000, tunnel: true }, far);
  expect(hosts.reach("host_a")).toEqual({ via: "tunnel" });
  hosts.connected("host_a", { ...hello, relay_port: 0 }, far);
  expect(hosts.reach("host_a")).toEqual({ via: "tunnel" });
});

test("only who shares our network stack is dialled on loopback, wherever its connection comes from", () => {
  const { hosts, line } = world();
  const reachOf = (network: string, remote_address: string, tunnel = false) => {
    hosts.connected("host_a", { ...hello, network, tunnel }, { ...line, remote_address });
    return hosts.reach("host_a")?.via;
  };
  expect(reachOf("our network", "127.0.0.1")).toBe("loopback");
  expect(reachOf("our network", "10.0.0.7")).toBe("loopback");
  expect(reachOf("our network", "127.0.0.1", true)).toBe("tunnel");
  expect(reachOf("another network", "127.0.0.1")).toBe("relay");
  expect(reachOf("", "127.0.0.1")).toBe("relay");
  const { network: _, ...older } = hello;
  hosts.connected("host_a", { ...older, relay_port: 0 }, line);
  expect(hosts.reach("host_a")).toEqual({ via: "tunnel" });
});

test("where the kernel does not say which network stack is ours, nobody is in it", () => {
  const { database, line } = world();
  const hosts = new Hosts(database, () => 0, undefined, "");
  hosts.connected("host_a", { ...hello, network: "" }, line);
  expect(hosts.reach("host_a")).toEqual({ via: "relay", host: "127.0.0.1", port: 8444 });
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

test("labels are what the last hello said", () => {
  const { database, hosts, line } = world();
  expect(hosts.find("host_a").labels).toEqual({});
  hosts.connected("host_a", hello, line);
  expect(new Hosts(database, () => 0).find("host_a").labels).toEqual({ region: "eu" });
  hosts.connected("host_a", { ...hello, labels: {} }, line);
  expect(hosts.find("host_a").labels).toEqual({});
});

test("draining cordons, outlives a restart, and ends with the cordon", () => {
  const { database, hosts } = world();
  hosts.drain("host_a");
  const marks = { cordoned: true, draining: true };
  expect(new Hosts(database, () => 0).find("host_a")).toMatchObject(marks);
  hosts.setCordoned("host_a", true);
  expect(hosts.find("host_a")).toMatchObject(marks);
  hosts.setCordoned("host_a", false);
  expect(hosts.find("host_a")).toMatchObject({ cordoned: false, draining: false });
  hosts.setCordoned("host_a", true);
  expect(hosts.find("host_a").draining).toBe(false);
  expect(() => hosts.drain("host_b")).toThrow("no host with this id");
});

test("nothing is known of what a host runs until it has said so since our start", () => {
  const { hosts, line } = world();
  hosts.setDesired("host_a", { generation: 4, replicas: [] });
  hosts.connected("host_a", hello, line);
  expect(hosts.observedSet("host_a")).toBeNull();
  const observed = { generation: 4, replicas: [], sources: ["hf:a/b"] };
  hosts.heard("host_a", { observed });
  hosts.disconnected("host_a", line);
  expect(hosts.observedSet("host_a")).toEqual(observed);
  hosts.remove("host_a");
  expect(hosts.observedSet("host_a")).toBeNull();
});

test("a desired set is sent once per generation, and a host that was removed gets none", () => {
  const { hosts, line } = world();
  const sent: Command[] = [];
  hosts.connected("host_a", hello, { ...line, send: (command) => void sent.push(command) });
  for (const generation of [1, 1, 2, 2]) hosts.setDesired("host_a", { generation, replicas: [] });
  hosts.setDesired("host_b", { generation: 3, replicas: [] });
  expect(sent.slice(1)).toEqual([
    { desired: { generation: 1, replicas: [] } },
    { desired: { generation: 2, replicas: [] } },
  ]);
});

test("what opens sources is sent again when it changes, in the same generation", () => {
  const { hosts, line } = world();
  const sent: Command[] = [];
  hosts.connected("host_a", hello, { ...line, send: (command) => void sent.push(command) });
  const wanted = (secret_access_key: string): Desired => ({
    generation: 1,
    replicas: [
      {
        id: "rep_1",
        epoch: 1,
        model: "m",
        runtime: "llama-server",
        source: "s3://b/m",
        context_tokens: 1,
        slots: 1,
        args: [],
        devices: [],
        env: {},
        hf_token: "",
        s3: {
          endpoint: "http://s",
          region: "",
          access_key_id: "i",
          secret_access_key,
          path_style: true,
        },
      },
    ],
  });
  for (const secret of ["a", "a", "b"]) hosts.setDesired("host_a", wanted(secret));
  expect(sent.slice(1)).toEqual([{ desired: wanted("a") }, { desired: wanted("b") }]);
});

test("a host that is wanted to run something is as down as before until it connects", () => {
  const { clock, hosts } = world();
  clock.now += 3000;
  hosts.setDesired("host_a", { generation: 1, replicas: [] });
  expect(hosts.downFor("host_a")).toBe(3000);
});

test("a silent host and its return are reported to whoever listens", () => {
  const { clock, hosts, line } = world();
  const told: string[] = [];
  hosts.onPresence(({ host, up, at }) => told.push(`${host.id} ${up} ${at}`));
  const pass = (seconds: number) => {
    for (let i = 0; i < seconds; i++) {
      clock.now += 1000;
      hosts.tick(clock.now);
    }
  };
  pass(70);
  expect(told).toEqual([]);
  hosts.connected("host_a", hello, line);
  hosts.disconnected("host_a", line);
  pass(70);
  hosts.connected("host_a", hello, line);
  pass(2);
  expect(told).toEqual(["host_a false 1130000", "host_a true 1141000"]);
});

test("a database that takes nothing is reported once, and has all that was remembered when it takes something again", () => {
  const { clock, hosts, line, database, reports } = world();
  const { $client } = database;
  $client.exec(
    "create trigger full before update on hosts begin select raise(abort, 'database or disk is full'); end",
  );
  hosts.connected("host_a", hello, line);
  for (let minute = 0; minute < 3; minute += 1) {
    clock.now += 60_000;
    hosts.heard("host_a", heartbeat);
  }
  expect(hosts.isUp("host_a")).toBe(true);
  expect(hosts.find("host_a")).toMatchObject({ labels: { region: "eu" }, last_seen_at: clock.now });
  expect(() => hosts.setCordoned("host_a", true)).toThrow("disk is full");
  expect(hosts.find("host_a").cordoned).toBe(false);
  hosts.disconnected("host_a", line);
  expect(reports).toEqual([expect.stringContaining("database or disk is full")]);
  $client.exec("drop trigger full");
  hosts.setCordoned("host_a", true);
  const kept = new Hosts(database, () => 0).find("host_a");
  expect(kept).toEqual(hosts.find("host_a"));
  expect(kept).toMatchObject({ labels: { region: "eu" }, cordoned: true, last_seen_at: clock.now });
});

test("a renewed certificate that is shown on a full disk is good, and the older one is not forgotten there", () => {
  const { hosts, database } = world();
  hosts.certified("host_a", { sha256: "01", expires_at: 1e15 });
  database.$client.exec(
    "create trigger full before update on hosts begin select raise(abort, 'database or disk is full'); end",
  );
  expect(hosts.byCertificate("01")).toMatchObject({ id: "host_a" });
  expect(hosts.pins("host_a")).toEqual(["01"]);
  expect(new Hosts(database, () => 0).pins("host_a")).toEqual(["00", "01"]);
});

test("cordon and removal outlive a restart", () => {
  const { database, hosts } = world();
  hosts.setCordoned("host_a", true);
  expect(new Hosts(database, () => 0).find("host_a").cordoned).toBe(true);
  hosts.remove("host_a");
  expect(new Hosts(database, () => 0).list()).toEqual([]);
  expect(() => hosts.find("host_a")).toThrow("no host with this id");
});
