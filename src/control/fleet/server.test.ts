import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { status } from "@grpc/grpc-js";
import type { Desired } from "../../../agent/contract/protocol/messages.ts";
import {
  AgentLine,
  type ControlPlane,
  enrol,
  FleetWorld,
  type Member,
  newSecret,
  observedReplica,
  renewed,
} from "./fleet.testbed.ts";
import { newRequest } from "./signing.testbed.ts";

const world = new FleetWorld();
let plane: ControlPlane;
let member: Member;

beforeAll(async () => {
  plane = await world.start();
  member = await enrol(plane, newSecret(plane));
});
afterAll(() => {
  plane.server.stop();
  world.end();
});

/** Resolves at the next change of the hosts of which PROBE holds. */
function changed(probe: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => probe() && resolve();
    plane.hosts.onChange(look);
    look();
  });
}

const desired = (generation: number, size = 1): Desired => ({
  generation,
  replicas: Array.from({ length: size }, (_, i) => ({
    id: `rep_${i}`,
    epoch: 1,
    model: "m",
    runtime: "llama-server",
    source: "file:///x.gguf",
    context_tokens: 1,
    slots: 1,
    args: [],
    devices: [],
    env: {},
    hf_token: "",
    s3: null,
    can_sleep: false,
    asleep_bytes: 0,
  })),
});

describe("a member", () => {
  test("is welcomed, told what to run, and heard", async () => {
    plane.hosts.setDesired(member.host_id, desired(1));
    const line = new AgentLine(plane, member).hello();
    expect((await line.command("welcome")).welcome.host_id).toBe(member.host_id);
    expect((await line.command("desired")).desired).toEqual(desired(1));
    line.stream.write({
      observed: { generation: 1, replicas: [observedReplica("rep_0")], sources: [] },
    });
    await changed(() => plane.hosts.observed(member.host_id).length === 1);
    expect(plane.hosts.isUp(member.host_id)).toBe(true);
    expect(plane.hosts.reach(member.host_id)).toMatchObject({ via: "loopback" });
    expect(plane.hosts.find(member.host_id)).toMatchObject({
      name: "gpu-1",
      agent_version: "1.2.3",
      labels: { region: "eu" },
    });
    line.stream.end();
    await line.ended;
  });

  test("that connects twice keeps the newer stream", async () => {
    const older = new AgentLine(plane, member).hello();
    await older.command("welcome");
    const newer = new AgentLine(plane, member).hello();
    await newer.command("welcome");
    expect(await older.ended).toStartWith(`${status.ABORTED} A newer connection`);
    newer.stream.write({
      observed: { generation: 1, replicas: [observedReplica("rep_9")], sources: [] },
    });
    await changed(() => plane.hosts.observed(member.host_id)[0]?.id === "rep_9");
    expect(plane.hosts.isUp(member.host_id)).toBe(true);
    newer.stream.end();
    await newer.ended;
  });

  test("gets a set of ten thousand replicas whole", async () => {
    const large = desired(2, 10_000);
    plane.hosts.setDesired(member.host_id, large);
    const line = new AgentLine(plane, member).hello();
    expect((await line.command("desired")).desired.replicas).toHaveLength(10_000);
    line.stream.end();
    await line.ended;
  }, 20_000);

  test("must say hello first", async () => {
    const line = new AgentLine(plane, member);
    line.stream.write({ observed: { generation: 1, replicas: [], sources: [] } });
    expect(await line.ended).toStartWith(
      `${status.INVALID_ARGUMENT} The first report must be a hello`,
    );
  });

  test("is known again by a new control plane on the same files", async () => {
    const { port } = plane.server;
    const before = plane.authority.ca_sha256;
    plane.server.stop();
    plane = await world.start(port);
    expect(plane.authority.ca_sha256).toBe(before);
    expect(plane.hosts.isUp(member.host_id)).toBe(false);
    const line = new AgentLine(plane, member).hello();
    await line.command("welcome");
    expect(plane.hosts.isUp(member.host_id)).toBe(true);
    line.stream.end();
    await line.ended;
  });
});

describe("a stranger", () => {
  const refused = `${status.UNAUTHENTICATED} `;

  test("without a certificate is refused", async () => {
    expect(await new AgentLine(plane).hello().ended).toStartWith(refused);
  });

  test("with another CA's certificate is refused", async () => {
    const elsewhere = new FleetWorld();
    const other = await elsewhere.start();
    const foreign = await enrol(other, newSecret(other));
    expect(await new AgentLine(plane, foreign).hello().ended).toStartWith(refused);
    other.server.stop();
    elsewhere.end();
  });

  test("that was removed is cut at once and refused from then on", async () => {
    const gone = await enrol(plane, newSecret(plane));
    const line = new AgentLine(plane, gone).hello();
    await line.command("welcome");
    plane.hosts.remove(gone.host_id);
    expect(await line.ended).toContain("removed");
    expect(await new AgentLine(plane, gone).hello().ended).toStartWith(refused);
  });

  test("whose certificate has expired is refused", async () => {
    world.now_ms += 31 * 86_400_000;
    expect(await new AgentLine(plane, member).hello().ended).toStartWith(refused);
    world.now_ms -= 31 * 86_400_000;
  });
});

describe("a database that takes nothing", () => {
  const { $client } = world.database;
  const refuse = () => {
    for (const verb of ["insert", "update", "delete"]) {
      $client.exec(
        `create trigger full_${verb} before ${verb} on hosts begin select raise(abort, 'database or disk is full'); end`,
      );
    }
  };
  const heal = () => {
    for (const verb of ["insert", "update", "delete"]) $client.exec(`drop trigger full_${verb}`);
  };

  test("turns no host away, and ends no stream", async () => {
    const asked = await enrol(plane, newSecret(plane));
    refuse();
    const line = new AgentLine(plane, asked).hello();
    await line.command("welcome");
    world.now_ms += 61_000;
    line.stream.write({
      observed: { generation: 5, replicas: [observedReplica("rep_5")], sources: [] },
    });
    await changed(() => plane.hosts.observed(asked.host_id)[0]?.id === "rep_5");
    const newer = new AgentLine(plane, asked).hello();
    await newer.command("welcome");
    newer.stream.end();
    expect(await newer.ended).toBe("end");
    heal();
  });

  test("is a fault of ours for who asks for a certificate, and no word about the host", async () => {
    const secret = newSecret(plane);
    refuse();
    const joining = enrol(plane, secret);
    await expect(joining).rejects.toMatchObject({ code: status.UNAVAILABLE });
    const { csr_pem } = await newRequest();
    await expect(renewed(plane, member, csr_pem)).rejects.toMatchObject({
      code: status.UNAVAILABLE,
    });
    heal();
    expect((await enrol(plane, secret)).host_id).toStartWith("host_");
  });

  test("while a request that is no good is the agent's own fault", async () => {
    await expect(renewed(plane, member, "no request")).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
    });
  });
});

test("a port that is taken is an error that says which option to use", async () => {
  const second = world.start(plane.server.port);
  await expect(second).rejects.toThrow(`Port ${plane.server.port} for agents is in use`);
});

describe("before anything is promised to an agent", () => {
  /** Flushes that end when they are told to. */
  function slowDisk() {
    const asked = Promise.withResolvers<void>();
    const flushed = Promise.withResolvers<void>();
    world.durable = () => {
      asked.resolve();
      return flushed.promise;
    };
    return { asked: asked.promise, end: flushed.resolve, fail: flushed.reject };
  }
  afterEach(() => {
    world.durable = async () => undefined;
  });

  test("its membership is on the disk", async () => {
    const disk = slowDisk();
    let isMember = false;
    const joined = enrol(plane, newSecret(plane)).then((one) => {
      isMember = true;
      return one;
    });
    await disk.asked;
    expect(isMember).toBe(false);
    disk.end();
    expect((await joined).certificate_pem).toStartWith("-----BEGIN CERTIFICATE");
  });

  test("a disk that takes nothing is said, and nothing is handed out", async () => {
    const disk = slowDisk();
    const joined = enrol(plane, newSecret(plane));
    await disk.asked;
    disk.fail(new Error("EIO"));
    await expect(joined).rejects.toMatchObject({ code: status.UNAVAILABLE });
  });

  test("what it is to run is on the disk, and what is sent after that comes after it", async () => {
    const one = await enrol(plane, newSecret(plane));
    const line = new AgentLine(plane, one).hello();
    await line.command("welcome");
    const disk = slowDisk();
    plane.hosts.setDesired(one.host_id, desired(7));
    await disk.asked;
    plane.hosts.send(one.host_id, { unfollow: { id: "log_1" } });
    expect(line.kinds).toEqual(["welcome"]);
    disk.end();
    expect((await line.command("desired")).desired.generation).toBe(7);
    await line.command("unfollow");
    expect(line.kinds).toEqual(["welcome", "desired", "unfollow"]);
    line.stream.end();
    await line.ended;
  });

  test("a desired set that the disk did not take is not sent: the line ends, and the next one has it", async () => {
    const one = await enrol(plane, newSecret(plane));
    const line = new AgentLine(plane, one).hello();
    await line.command("welcome");
    const disk = slowDisk();
    plane.hosts.setDesired(one.host_id, desired(8));
    await disk.asked;
    disk.fail(new Error("EIO"));
    expect(await line.ended).toStartWith(`${status.UNAVAILABLE} `);
    world.durable = async () => undefined;
    const next = new AgentLine(plane, one).hello();
    expect((await next.command("desired")).desired.generation).toBe(8);
    next.stream.end();
    await next.ended;
  });
});
