import { afterAll, beforeAll, expect, test } from "bun:test";
import type { LogLines } from "../../../agent/contract/protocol/messages.ts";
import { AgentLine, type ControlPlane, enrol, FleetWorld, newSecret } from "./fleet.testbed.ts";
import type { LogEnd } from "./log-delivery.ts";

const world = new FleetWorld();
let plane: ControlPlane;
beforeAll(async () => {
  plane = await world.start();
});
afterAll(() => {
  plane.server.stop();
  world.end();
});

interface Connected {
  id: string;
  line: AgentLine;
  says(log: Partial<LogLines>): void;
}

async function connected(): Promise<Connected> {
  const member = await enrol(plane, newSecret(plane));
  const line = new AgentLine(plane, member).hello();
  await line.command("welcome");
  const says = (log: Partial<LogLines>) =>
    void line.stream.write({ log: { follow_id: "", lines: [], dropped: 0, ended: false, ...log } });
  return { id: member.host_id, line, says };
}

/** Follows, and gives what the consumer was told, as soon as that is PROBED. */
function following({ id }: Pick<Connected, "id">, replica_id = "rep_a") {
  const told: (string | LogEnd)[] = [];
  let wake: () => void = () => undefined;
  const tell = (words: string[]) => {
    told.push(...words);
    wake();
  };
  const stop = plane.hosts.followLog(
    id,
    replica_id,
    20,
    (lines, dropped) => tell([...(dropped ? [`${dropped} dropped`] : []), ...lines]),
    (reason) => tell([reason]),
  );
  const until = async (word: string) => {
    while (!told.includes(word)) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return { told, stop, until };
}

test("an agent is asked, its lines arrive, and it is told when nobody reads them any more", async () => {
  const host = await connected();
  const { told, stop, until } = following(host);
  const { follow } = await host.line.command("follow");
  expect(follow).toMatchObject({ replica_id: "rep_a", tail_lines: 20 });
  host.says({ follow_id: follow.id, lines: ["one", "two"] });
  host.says({ follow_id: follow.id, lines: ["three"], dropped: 5 });
  await until("three");
  expect(told).toEqual(["one", "two", "5 dropped", "three"]);
  stop();
  expect((await host.line.command("unfollow")).unfollow.id).toBe(follow.id);
});

test("the end of the replica is the end of the follow, after its last words", async () => {
  const host = await connected();
  const { told, until } = following(host);
  const { follow } = await host.line.command("follow");
  host.says({ follow_id: follow.id, lines: ["bye"], ended: true });
  host.says({ follow_id: follow.id, lines: ["a ghost"] });
  await until("replica_gone");
  expect(told).toEqual(["bye", "replica_gone"]);
});

test("a host that is cut off, replaced or removed ends what was followed on it", async () => {
  const cut = await connected();
  const one = following(cut);
  cut.line.stream.cancel();
  await one.until("host_disconnected");
  const removed = await connected();
  const two = following(removed);
  plane.hosts.remove(removed.id);
  await two.until("host_disconnected");
  const member = await enrol(plane, newSecret(plane));
  await new AgentLine(plane, member).hello().command("welcome");
  const three = following({ id: member.host_id });
  await new AgentLine(plane, member).hello().command("welcome");
  await three.until("host_disconnected");
});

test("a host that is not connected, or not known, is an end at once", async () => {
  const { told, until } = following({ id: "host_nobody" });
  expect(told).toEqual([]);
  await until("host_disconnected");
});

test("a host cannot write into the log of another", async () => {
  const [honest, liar] = [await connected(), await connected()];
  const { told, until } = following(honest);
  const { follow } = await honest.line.command("follow");
  const lie = following(liar);
  liar.says({ follow_id: follow.id, lines: ["a lie"], ended: true });
  liar.says({ follow_id: (await liar.line.command("follow")).follow.id, lines: ["heard"] });
  await lie.until("heard");
  honest.says({ follow_id: follow.id, lines: ["the truth"] });
  await until("the truth");
  expect(told).toEqual(["the truth"]);
});

test("logs of one host are read at most 200 at once, and a place is free again after an end", async () => {
  const host = await connected();
  const all = Array.from({ length: 200 }, () => following(host));
  const late = following(host);
  await late.until("too_many");
  all[0]?.stop();
  const next = following(host);
  host.line.stream.cancel();
  await next.until("host_disconnected");
  expect(next.told).toEqual(["host_disconnected"]);
});

test("what is longer than a sound agent would send is cut", async () => {
  const host = await connected();
  const { told, until } = following(host);
  const { follow } = await host.line.command("follow");
  const lines = [...Array.from({ length: 5000 }, () => "x".repeat(3000)), "end"];
  host.says({ follow_id: follow.id, lines });
  await until("end");
  expect(told).toHaveLength(1001);
  expect(told[0]).toBe("4001 dropped");
  expect(told[1]).toHaveLength(2048);
});
