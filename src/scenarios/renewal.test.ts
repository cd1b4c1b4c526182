/** A host's certificate is renewed, and either side is killed at every step of it. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newKeyAndRequest } from "../../agent/session/certificate-request.ts";
import {
  type KeyPair,
  nextPairIn,
  readMembership,
  writeMembership,
} from "../../agent/session/membership.ts";
import { Renewal, type RenewalParts } from "../../agent/session/renewal.ts";
import { callRenew } from "../../agent/session/renewal-call.ts";
import {
  AgentLine,
  type ControlPlane,
  enrol,
  FleetWorld,
  newSecret,
} from "../control/fleet/fleet.testbed.ts";

const day_ms = 86_400_000;
let world: FleetWorld;
let folder: string;
let plane: ControlPlane;
let host_id: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "hypervize-renewal-"));
  world = new FleetWorld();
  plane = await world.start();
  const member = await enrol(plane, newSecret(plane));
  host_id = member.host_id;
  await writeMembership(folder, { ...member, addresses: [], ca_sha256: "" });
});
afterEach(() => {
  plane.server.stop();
  rmSync(folder, { recursive: true });
  world.end();
});

interface AgentOnDisk {
  renewal: Renewal;
  /** What its new connections show. */
  shows(): KeyPair;
}

/** An agent as it starts from what is on the disk, with some of its steps in other hands. */
async function startAgent(change: Partial<RenewalParts> = {}): Promise<AgentOnDisk> {
  const member = await readMembership(folder);
  if (!member) throw new Error("This host has not joined.");
  const kept = nextPairIn(folder);
  let shown: KeyPair = member;
  const renewal = new Renewal({
    present: member,
    next: await kept.read(),
    kept,
    newKeyAndRequest,
    call: (pair, csr) => {
      const address = `127.0.0.1:${plane.server.port}`;
      return callRenew([address], { ...pair, ca_pem: member.ca_pem }, csr);
    },
    use(pair) {
      shown = pair;
    },
    now: () => world.now_ms,
    random: () => 0,
    log: () => undefined,
    ...change,
  });
  return { renewal, shows: () => shown };
}

/** Whether the control plane welcomes this pair. */
async function welcomes(pair: KeyPair): Promise<boolean> {
  const line = new AgentLine(plane, pair).hello();
  const came = line.command("welcome").then(() => true);
  const isWelcome = await Promise.race([came, line.ended.then(() => false)]);
  line.stream.end();
  await line.ended;
  return isWelcome;
}

/** What a restart leaves: the disk, and the database. */
async function restartControlPlane(): Promise<void> {
  plane.server.stop();
  plane = await world.start();
}

const killed = new Error("killed");
const never = () => Promise.reject(killed);
/** Does it, and dies before anybody hears of it. */
const lastly =
  <Words extends unknown[]>(act: (...words: Words) => Promise<unknown>) =>
  async (...words: Words): Promise<never> => {
    await act(...words);
    throw killed;
  };

type Kill = (kept: RenewalParts["kept"], call: RenewalParts["call"]) => Partial<RenewalParts>;

const kills: [string, Kill][] = [
  ["before it asks", () => ({ newKeyAndRequest: never })],
  ["before the answer comes", (_, call) => ({ call: lastly(call) })],
  ["before the new pair is on the disk", (kept) => ({ kept: { ...kept, write: never } })],
  [
    "when the new pair is on the disk",
    (kept) => ({ kept: { ...kept, write: lastly(kept.write) } }),
  ],
  [
    "before the new pair is shown",
    (_, call) => ({ call: (pair, csr) => (csr === "" ? never() : call(pair, csr)) }),
  ],
  [
    "when the new pair was shown",
    (_, call) => ({
      call: (pair, csr) => (csr === "" ? lastly(call)(pair, csr) : call(pair, csr)),
    }),
  ],
  ["before the old pair is replaced", (kept) => ({ kept: { ...kept, promote: never } })],
  [
    "when the old pair is replaced",
    (kept) => ({ kept: { ...kept, promote: lastly(kept.promote) } }),
  ],
];

describe.each(kills)("an agent that is killed %s", (_, kill) => {
  test.each([["alone"], ["together with the control plane"]])("%s", async (who) => {
    world.now_ms += 20 * day_ms;
    const member = await readMembership(folder);
    const credentials = (pair: KeyPair) => ({ ...pair, ca_pem: member?.ca_pem ?? "" });
    const call = (pair: KeyPair, csr: string) =>
      callRenew([`127.0.0.1:${plane.server.port}`], credentials(pair), csr);
    const first = await startAgent(kill(nextPairIn(folder), call));
    await first.renewal.step();
    if (who !== "alone") await restartControlPlane();

    const second = await startAgent();
    expect(await welcomes(second.shows())).toBe(true);
    await second.renewal.step();
    expect(await welcomes(second.shows())).toBe(true);
    // The present certificate is the new one, here and there, and no other is accepted.
    const now = await readMembership(folder);
    expect(now?.certificate_pem).not.toBe(member?.certificate_pem ?? "");
    expect(second.shows().certificate_pem).toBe(now?.certificate_pem ?? "");
    expect(plane.hosts.pins(host_id)).toHaveLength(1);
    expect(member && (await welcomes(member))).toBe(false);
    expect(await nextPairIn(folder).read()).toBeUndefined();
  });
});

test("nothing happens before two thirds of the certificate's life", async () => {
  world.now_ms += 19 * day_ms;
  const { renewal, shows } = await startAgent({ newKeyAndRequest: never });
  expect(await renewal.step()).toBe(3_600_000);
  expect(await welcomes(shows())).toBe(true);
});

test("streams go on while the certificate changes, and the old one is good until then", async () => {
  const member = await readMembership(folder);
  if (!member) throw new Error("This host has not joined.");
  const line = new AgentLine(plane, member).hello();
  await line.command("welcome");
  world.now_ms += 20 * day_ms;
  const { renewal } = await startAgent();
  await renewal.step();
  plane.hosts.setDesired(host_id, { generation: 1, replicas: [] });
  expect((await line.command("desired")).desired.generation).toBe(1);
  line.stream.end();
  await line.ended;
});

test("a control plane that lost its memory of the new certificate gets the old one", async () => {
  world.now_ms += 20 * day_ms;
  const { renewal, shows } = await startAgent({
    call: async (pair, csr) => {
      const address = `127.0.0.1:${plane.server.port}`;
      const ca_pem = plane.authority.ca_pem;
      const pem = await callRenew([address], { ...pair, ca_pem }, csr);
      // As after a power cut, or a restored backup.
      if (csr !== "") plane.hosts.certified(host_id, { sha256: "lost", expires_at: world.now_ms });
      return pem;
    },
  });
  const pause_ms = await renewal.step();
  expect(pause_ms).toBeLessThanOrEqual(30_000);
  expect(await welcomes(shows())).toBe(true);
  expect(await nextPairIn(folder).read()).toBeUndefined();
});

test("an agent that was away for longer than its certificate is told to join again", async () => {
  world.now_ms += 31 * day_ms;
  const lines: string[] = [];
  const { renewal } = await startAgent({ log: (line) => lines.push(line) });
  await renewal.step();
  expect(lines.join()).toContain("join again");
});

test("a removed host gets no certificate", async () => {
  world.now_ms += 20 * day_ms;
  plane.hosts.remove(host_id);
  const lines: string[] = [];
  const { renewal } = await startAgent({ log: (line) => lines.push(line) });
  await renewal.step();
  expect(lines.join()).toContain("was removed");
  expect(await nextPairIn(folder).read()).toBeUndefined();
});
