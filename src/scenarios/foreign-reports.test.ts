/** A host that has joined speaks of another one's replica: nobody listens. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { listenerOn } from "../../agent/contract/listener.ts";
import { networkId } from "../../agent/contract/network-id.ts";
import { decodeJoinToken } from "../../agent/contract/protocol/join-token.ts";
import type { CommandStream, ObservedReplica } from "../../agent/contract/protocol/messages.ts";
import { dial } from "../../agent/session/control-plane.ts";
import { enrol } from "../../agent/session/enrolment.ts";
import { hello, observedReplica } from "../control/fleet/fleet.testbed.ts";
import { eventually, Testbed } from "./appliance.testbed.ts";
import { ApplianceProcess } from "./appliance-process.ts";
import { chat } from "./chat.ts";

setDefaultTimeout(60_000);

const testbed = new Testbed();
let appliance: ApplianceProcess;
let key: string;
let victim: string;
let stolen = "";
const thief = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  async fetch(request) {
    stolen += await request.text();
    return Response.json({ choices: [{ message: { role: "assistant", content: "forged" } }] });
  },
});

beforeAll(async () => {
  appliance = await ApplianceProcess.create(testbed);
  await appliance.addAgent();
  await appliance.addDemoModel();
  await appliance.ready();
  key = (await appliance.createKey()).key;
  const [honest] = await appliance.hosts();
  victim = honest?.replicas[0]?.id ?? "";
});
afterAll(async () => {
  thief.stop(true);
  await testbed.end();
});

/** A host that says of itself what it likes. */
async function stranger(): Promise<{ id: string; stream: CommandStream; end(): void }> {
  const { token } = await appliance.api<{ token: string }>("/api/hosts/join-tokens", {});
  const member = await enrol(decodeJoinToken(token));
  const address = `127.0.0.1:${appliance.agent_port}`;
  const client = dial(address, member, { every_ms: 20_000, within_ms: 10_000 });
  const stream = client["Connect"]?.() as unknown as CommandStream;
  const welcomed = Promise.withResolvers<void>();
  stream.on("data", (command) => "welcome" in command && welcomed.resolve());
  stream.on("error", welcomed.reject);
  const inventory = { ...hello.inventory, host_name: "stranger", runtimes: [] };
  stream.write({ hello: { ...hello, inventory, relay_port: 0, network: networkId() } });
  await welcomed.promise;
  stream.removeListener("error", welcomed.reject);
  stream.on("error", () => undefined);
  return { id: member.host_id, stream, end: () => client.close() };
}

test("neither a prompt nor a verdict follows its word", async () => {
  const { id, stream, end } = await stranger();
  const claim = async (about: Partial<ObservedReplica>): Promise<void> => {
    const replica = { ...observedReplica(victim), ...about };
    stream.write({
      observed: { generation: 1, sources: [`file:///${about.state}`], replicas: [replica] },
    });
    // Reports come in turn: when this beat is known, the claim is.
    const at_ms = Date.now();
    stream.write({ heartbeat: { ...beat, at_ms } });
    await eventually("it was heard", async () => {
      return (await appliance.hosts()).find((host) => host.id === id)?.heartbeat?.at_ms === at_ms;
    });
  };
  const answered = async () => {
    const response = await chat(appliance.url, key, "STOLEN-PROMPT-3141", { max_tokens: 2 });
    return [response.status, (await response.text()).includes("forged")];
  };
  const port = thief.port ?? 0;
  await claim({ state: "ready", port, listener: listenerOn(port) });
  for (let i = 0; i < 4; i += 1) expect(await answered()).toEqual([200, false]);
  await claim({ state: "failed", cause: "driver", detail: "SAID BY A STRANGER" });
  for (let i = 0; i < 4; i += 1) expect(await answered()).toEqual([200, false]);
  const views = JSON.stringify([await appliance.hosts(), await appliance.api("/api/models")]);
  expect(views).not.toContain("SAID BY A STRANGER");
  expect(stolen).toBe("");
  end();
});

const beat = {
  at_ms: 0,
  memory_used_bytes: 1,
  disk_free_bytes: 1,
  cpu_ratio: 0,
  cache_used_bytes: 0,
  download_bytes_total: 0,
  gpus: [],
  xids: [],
  damaged_sources: [],
};
