import { access, constants, mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { ConnectionFile } from "./connection-file.ts";
import { networkId } from "./contract/network-id.ts";
import { decodeJoinToken } from "./contract/protocol/join-token.ts";
import { takeLock } from "./files/lock.ts";
import { Ownership } from "./gpu-admission/ownership.ts";
import { type Hardware, openHardware } from "./hardware/hardware.ts";
import { diskOf, takeInventory } from "./hardware/inventory.ts";
import { cpuRatio, readCpuTimes, readMemory } from "./hardware/load.ts";
import type { AgentOptions } from "./options.ts";
import { logPath } from "./process/log.ts";
import { joinAgain } from "./refused.ts";
import { type HostIdentity, openRelay } from "./relay/relay.ts";
import { Tunnels } from "./relay/tunnels.ts";
import { driversOf } from "./replicas/drivers.ts";
import { epochsIn } from "./replicas/epochs.ts";
import { Replicas } from "./replicas/replicas.ts";
import type { RunTools } from "./replicas/run.ts";
import { driver_patience_ms, hubWeightsOf, runToolsOf } from "./replicas/run-tools.ts";
import { FoundRuntimes } from "./runtimes/found-runtimes.ts";
import { enrol } from "./session/enrolment.ts";
import {
  type Membership,
  nextPairIn,
  readMembership,
  writeMembership,
} from "./session/membership.ts";
import { pause } from "./session/reconnect-pause.ts";
import { Renewal } from "./session/renewal.ts";
import { callRenew } from "./session/renewal-call.ts";
import { Session, type SessionSide } from "./session/session.ts";
import type { HubWeights } from "./weights/hub/hub-weights.ts";
import { InflightDownloads } from "./weights/peers/inflight-downloads.ts";
import { Peers } from "./weights/peers/peers.ts";

/**
 * The host agent, until SIGNAL aborts; it resolves when its work has ended, with
 * stopRuntimesOnExit when every runtime is proved gone. Rejects with an Error of one sentence that
 * says what to do when it cannot join, another agent owns the home, or the home cannot be written.
 */
export async function runAgent(options: AgentOptions): Promise<void> {
  // Runtimes work in "/": a relative home must not depend on where the agent was started.
  const folder = resolve(options.home, "agent");
  await prepareFolder(folder);
  const unlock = await takeLock(join(folder, "agent.lock"));
  try {
    for (;;) {
      const member = await membershipOf(options, folder);
      if ((await serve(options, folder, member)) === "over") return;
    }
  } finally {
    await unlock();
  }
}

async function prepareFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await access(folder, constants.W_OK);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(
      `The agent cannot write to ${folder} (${why}). Choose another --home or change its owner.`,
    );
  }
}

async function membershipOf(options: AgentOptions, folder: string): Promise<Membership> {
  const token = options.join === undefined ? undefined : decodeJoinToken(options.join);
  const member = await readMembership(folder);
  if (member !== undefined) {
    if (token !== undefined && token.ca_sha256 !== member.ca_sha256) {
      throw new Error(
        `This home has joined another control plane as ${member.host_id}. Use another --home, or delete ${join(folder, "identity.json")} to leave that one.`,
      );
    }
    // The token counts only once the control plane has refused this identity: see refused.ts.
    return member;
  }
  if (token === undefined) {
    throw new Error(
      "This host has not joined a control plane. Create a token there with `hypervize hosts join-token` and start the agent with --join TOKEN.",
    );
  }
  const addresses = options.server === undefined ? token.addresses : [options.server];
  const joined = await enrol({ ...token, addresses });
  await writeMembership(folder, joined);
  options.log(`joined the control plane as ${joined.host_id}`);
  return joined;
}

/** "joined-again": by a new token, as another host. What runs here is adopted under the new identity. */
async function serve(
  options: AgentOptions,
  folder: string,
  member: Membership,
): Promise<"over" | "joined-again"> {
  const replaced = new AbortController();
  const signal = AbortSignal.any([options.signal, replaced.signal]);
  const drivers = await driversOf(options, folder);
  const ownership = new Ownership();
  const hardware = openHardware({
    env: options.env,
    owners: () => replicas.observed().replicas,
    markedOwner: (pid) => ownership.of(pid),
    log: options.log,
  });
  // Longer than the replicas, whose ends are proved by it.
  const watching = new AbortController();
  const watched = hardware.run(watching.signal);
  const epochs = await epochsIn(join(folder, "epochs.json"));
  let identity: HostIdentity = member;
  const peers = new Peers({
    own_id: member.host_id,
    identity: () => identity,
    board: new InflightDownloads(),
    whole: (digest) => hub.wholeBlob(digest),
    silent_ms: 15_000,
    settle_ms: 300,
    pause,
    log: options.log,
  });
  const needed = () => replicas.sources();
  const hub = await hubWeightsOf(options, folder, { needed, peers });
  const tools = await runToolsOf(options, folder, { drivers, epochs, hardware, hub });
  const replicas = new Replicas(tools, epochs);
  const addresses = options.server === undefined ? member.addresses : [options.server];
  const doorOf = (name: string) => replicas.doorOf(name);
  const relay = options.tunnel
    ? undefined
    : openRelay({ identity, port: options.relayPort, doorOf, peers });
  options.log(relay ? `the relay listens on port ${relay.port}` : "no relay: tunnels are opened");
  const tunnels = new Tunnels({ identity: () => identity, doorOf, random: Math.random });
  const runtimes = new FoundRuntimes(drivers, 30_000);
  const session = new Session(
    {
      addresses,
      credentials: () => identity,
      keepalive: { every_ms: 20_000, within_ms: 10_000 },
      welcome_ms: 15_000,
      random: Math.random,
    },
    sessionSide(options, tools, replicas, {
      hardware,
      runtimes,
      port: relay?.port ?? 0,
      tunnels,
      peers,
      hub,
      connection: new ConnectionFile(folder),
      async refused(end_runtimes) {
        if (end_runtimes) replicas.desire({ ...replicas.wanted, replicas: [] });
        const { join: token, server, log } = options;
        if (await joinAgain({ folder, member, join: token, server, log })) replaced.abort();
      },
    }),
  );
  const stopsRuntimes = () => options.stopRuntimesOnExit && options.signal.aborted;
  replicas.changed = () => session.report();
  hardware.changed = () => session.renew();
  runtimes.changed = () => session.renew();
  const kept = nextPairIn(folder);
  const renewal = new Renewal({
    present: member,
    next: await kept.read(),
    kept,
    // Megabytes of memory, and seldom needed.
    newKeyAndRequest: async () =>
      (await import("./session/certificate-request.ts")).newKeyAndRequest(),
    call: (pair, csr_pem) => callRenew(addresses, { ...pair, ca_pem: member.ca_pem }, csr_pem),
    use(pair) {
      identity = { ...pair, ca_pem: member.ca_pem };
      relay?.use(identity);
      session.redial();
    },
    now: Date.now,
    random: Math.random,
    log: options.log,
  });
  try {
    await Promise.all([
      replicas.work(() => (stopsRuntimes() ? "now" : "leave"), signal),
      session.keep(signal),
      runtimes.keep(signal),
      renewal.keep(signal),
      hub.scrub.keep(signal),
    ]);
    return options.signal.aborted ? "over" : "joined-again";
  } finally {
    watching.abort();
    await watched;
    tunnels.close();
    relay?.close();
  }
}

function sessionSide(
  options: AgentOptions,
  tools: RunTools,
  replicas: Replicas,
  parts: {
    hardware: Hardware;
    runtimes: FoundRuntimes;
    port: number;
    tunnels: Tunnels;
    peers: Peers;
    hub: HubWeights;
    connection: ConnectionFile;
    refused: SessionSide["refused"];
  },
): SessionSide {
  const { hardware, runtimes, ...data } = parts;
  const { gpus, xids } = hardware;
  let cpu = readCpuTimes();
  let told_changes = 0;
  return {
    async hello() {
      const found = await runtimes.look();
      if (found.length === 0) {
        options.log(
          "no runtime works here: put llama-server, vllm or sglang on PATH, or name one with --llama-server, --vllm or --sglang",
        );
      }
      const seen = await gpus.found(driver_patience_ms);
      told_changes = hardware.changes;
      const inventory = await takeInventory(options.home, found, seen);
      const { version: agent_version, labels = {} } = options;
      const tunnel = options.tunnel || data.tunnels.inUse;
      const network = networkId();
      return { agent_version, inventory, relay_port: data.port, labels, tunnel, network };
    },
    outdated: () => hardware.changes !== told_changes || runtimes.outdated,
    async heartbeat() {
      const earlier = cpu;
      cpu = readCpuTimes();
      const { memory_used_bytes } = readMemory();
      const { disk_free_bytes } = await diskOf(options.home);
      const cpu_ratio = cpuRatio(earlier, cpu);
      return {
        at_ms: Date.now(),
        memory_used_bytes,
        disk_free_bytes,
        cpu_ratio,
        cache_used_bytes: await data.hub.usedBytes(),
        download_bytes_total: data.hub.downloaded(),
        gpus: gpus.latest(),
        xids: xids.latest(),
        damaged_sources: await data.hub.damagedSources(),
      };
    },
    observed: () => replicas.observed(),
    desire: (desired) => replicas.desire(desired),
    peers: (list) => data.peers.know(list),
    tunnels: (idle, address) => data.tunnels.keep(idle, address),
    logOf(replica_id) {
      const here = replicas.observed().replicas.some(({ id }) => id === replica_id);
      return here ? logPath(tools, replica_id) : undefined;
    },
    connection: (state) => data.connection.write(state),
    refused: data.refused,
    log: options.log,
  };
}
