/** Logs over HTTP, with replicas whose lines the test writes. */
import { expect, test } from "bun:test";
import type { LogConsumer } from "../../fleet/log-delivery.ts";
import { changeOf, decide, liveReplica } from "./endpoints.testbed.ts";
import type { FollowLog } from "./log-source.ts";
import { logStream } from "./log-stream.ts";
import { live, populated, type World } from "./routes.testbed.ts";
import type { LiveReplica } from "./view.ts";

interface Follow extends LogConsumer {
  host_id: string;
  tail: number;
  open: boolean;
}

interface Bed extends World {
  /** By replica. */
  follows: Map<string, Follow>;
  replicas: LiveReplica[];
}

function bed(...ids: string[]): Bed {
  const follows = new Map<string, Follow>();
  const replicas = ids.map((id) => liveReplica(id));
  const followLog: FollowLog = (host_id, id, tail, onLines, onEnd) => {
    const follow = { host_id, tail, onLines, onEnd, open: true };
    follows.set(id, follow);
    return () => {
      follow.open = false;
    };
  };
  const world = populated({ followLog, liveOf: () => ({ ...live, replicas }) });
  return { ...world, follows, replicas };
}

const logs = (query: string) => `/api/endpoints/member-private/logs?${query}`;

/** The follow of a replica, as soon as somebody follows it. */
async function follow({ follows }: Bed, id: string): Promise<Follow> {
  for (;;) {
    const found = follows.get(id);
    if (found) return found;
    await new Promise(setImmediate);
  }
}

test("the last lines are plain text, and nobody follows after that", async () => {
  const world = bed("rep_1");
  const asked = world.ask("member", "GET", logs("tail=2"));
  const one = await follow(world, "rep_1");
  expect([one.host_id, one.tail]).toEqual(["host_a", 2]);
  void one.onLines(["a", "b"], 0);
  const response = await asked;
  expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
  expect(await response.text()).toBe("a\nb\n");
  expect(one.open).toBe(false);
});

test("lines of several replicas say whose they are; one may be asked for", async () => {
  const world = bed("rep_1", "rep_2");
  const asked = world.ask("member", "GET", logs(""));
  void (await follow(world, "rep_2")).onLines(["two"], 3);
  void (await follow(world, "rep_1")).onEnd("host_disconnected");
  expect(await (await asked).text()).toBe(
    "rep_1 (alpha is not connected now. Try again when it is back.)\nrep_2 (3 lines were left out here)\nrep_2 two\n",
  );
  world.follows.clear();
  const second = world.ask("member", "GET", logs("replica=rep_2"));
  void (await follow(world, "rep_2")).onLines(["only"], 0);
  expect(await (await second).text()).toBe("only\n");
});

test("one that has failed and runs nothing shows its last words", async () => {
  const world = bed();
  const failed = { status: "failed" as const, log_tail: ["x", "out of memory"] };
  decide(world.database, world.endpoints, [
    changeOf(world.endpoints.existing("member-private"), failed),
  ]);
  const response = await world.ask("member", "GET", logs("tail=9"));
  expect(await response.text()).toBe("x\nout of memory\n");
});

test.each(["tail=1001", "tail=-1", "tail=x", "lines=2"])("%s is refused", async (query) => {
  expect((await bed("rep_1").ask("member", "GET", logs(query))).status).toBe(400);
});

/** Reads events as they come. */
function reader(response: Response) {
  const source = response.body?.getReader();
  const decoder = new TextDecoder();
  let text = "";
  return {
    async until(part: string): Promise<string> {
      while (!text.includes(part)) {
        const { done, value } = (await source?.read()) ?? { done: true };
        if (done) throw new Error(`It ended before ${part}: ${text}`);
        text += decoder.decode(value);
      }
      return text;
    },
    async ended(): Promise<boolean> {
      for (;;) if ((await source?.read())?.done !== false) return true;
    },
    leave: () => source?.cancel(),
  };
}

async function following(world: Bed, query = "follow=1&tail=3") {
  const response = await world.ask("member", "GET", logs(query));
  expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  return reader(response);
}

test("a followed log is a stream of events with the replica of every line", async () => {
  const world = bed("rep_1", "rep_2");
  const events = await following(world);
  const [one, two] = [await follow(world, "rep_1"), await follow(world, "rep_2")];
  expect(one.tail).toBe(3);
  void one.onLines(["first", 'with "quotes"\ttab'], 0);
  void two.onLines(["last"], 2);
  const text = await events.until("last");
  expect(text).toContain('data: {"replica":"rep_1","line":"first"}\n\n');
  expect(text).toContain('data: {"replica":"rep_1","line":"with \\"quotes\\"\\ttab"}\n\n');
  expect(text).toContain('"replica":"rep_2","line":"(2 lines were left out here)"');
  void one.onEnd("replica_gone");
  expect(await events.until("event: end")).toContain(
    'event: end\ndata: {"replica":"rep_1","detail":"It is not on alpha any more."}\n\n',
  );
  await events.leave();
  expect(two.open).toBe(false);
});

/** Writes until somebody has to wait for the reader. */
function filled(one: Follow): Promise<void> {
  for (let i = 0; i < 100; i++) {
    const held = one.onLines([`line ${i}`], 0);
    if (held) return held;
  }
  throw new Error("Nothing held the lines back.");
}

test("a slow reader holds back the lines of its replica until it reads on", async () => {
  const world = bed("rep_1");
  const events = await following(world);
  const one = await follow(world, "rep_1");
  const held = filled(one);
  await events.until("line 60");
  await held;
  await events.leave();
});

test("a reader that leaves while a line waits for room lets it go", async () => {
  const world = bed("rep_1");
  const events = await following(world);
  const one = await follow(world, "rep_1");
  const held = filled(one);
  await events.leave();
  await held;
  expect(one.open).toBe(false);
});

test("replicas that come later are followed too, and who may read no more is cut off", async () => {
  const world = bed("rep_1");
  const places: (typeof world.replicas | null)[] = [world.replicas];
  const response = logStream({
    followLog: (_host, id, _tail, onLines) => {
      queueMicrotask(() => void onLines([`of ${id}`], 0));
      return () => {};
    },
    replicas: () => places[0] ?? null,
    tail: 0,
    stopping: new AbortController().signal,
    look_ms: 1,
  });
  const events = reader(response);
  await events.until("of rep_1");
  world.replicas.push(liveReplica("rep_2"));
  const text = await events.until("of rep_2");
  expect(text.split("of rep_1")).toHaveLength(2);
  places[0] = null;
  expect(await events.ended()).toBe(true);
});

test("the stream ends when the appliance stops", async () => {
  const world = bed("rep_1");
  const events = await following(world);
  await events.until("following");
  world.stop();
  expect(await events.ended()).toBe(true);
  expect((await follow(world, "rep_1")).open).toBe(false);
});

test("a replica that there is not is a 404, followed or not", async () => {
  for (const query of ["replica=rep_x", "replica=rep_x&follow=1"]) {
    expect((await bed("rep_1").ask("member", "GET", logs(query))).status).toBe(404);
  }
});
