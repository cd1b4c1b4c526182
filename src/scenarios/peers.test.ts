/** Four machines start one model, and it crosses the cable to the hub once. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { HubTestbed } from "../../agent/weights/hub/hub.testbed.ts";
import { eventually, Testbed } from "./appliance.testbed.ts";
import { ApplianceProcess } from "./appliance-process.ts";
import { EndpointClient } from "./endpoint-client.ts";
import { makeRemoteMachine, type RemoteMachine, whyNoRemoteMachine } from "./remote-machine.ts";

setDefaultTimeout(60_000);

const obstacle = whyNoRemoteMachine();
if (obstacle) process.stderr.write(`A model on four machines is not tested: ${obstacle}.\n`);

const demo = join(import.meta.dir, "../../agent/weights/demo/hypervize-demo.gguf");

describe.skipIf(obstacle !== null)("four machines", () => {
  const testbed = new Testbed();
  const environment = process.env["HF_ENDPOINT"];
  let machines: RemoteMachine[];
  let hub: HubTestbed;
  let appliance: ApplianceProcess;

  beforeAll(async () => {
    machines = Array.from({ length: 4 }, makeRemoteMachine);
    for (const machine of machines) {
      testbed.defer(async () => machine.remove());
      machine.route();
    }
    const [first] = machines;
    const address = first?.here ?? "";
    const repos = { "org/demo": { files: { "demo-Q4_K_M.gguf": demo } } };
    hub = await HubTestbed.start({ repos, address });
    // So slow that all of them have begun long before it is over.
    hub.bytes_per_s = 3_000_000;
    process.env["HF_ENDPOINT"] = hub.url;
    appliance = await ApplianceProcess.create(testbed, address);
    for (const { before } of machines) await appliance.addAgent(testbed.folder(), before);
    await eventually("all hosts are up", async () => {
      const hosts = await appliance.hosts();
      return hosts.length === 4 && hosts.every(({ status }) => status === "up");
    });
  });
  afterAll(async () => {
    await testbed.end();
    await hub.stop();
    if (environment === undefined) delete process.env["HF_ENDPOINT"];
    else process.env["HF_ENDPOINT"] = environment;
  }, 30_000);

  test("take at most 1.1 times its size from the hub, and all of them serve it", async () => {
    const replicas = { min_replicas: 4, max_replicas: 4 };
    const endpoint = await EndpointClient.provision(appliance, { model: "org/demo", ...replicas });
    const { placement } = await eventually("all four serve", async () => {
      const view = await endpoint.view();
      return view.ready_replicas === 4 && view;
    });
    expect(new Set(placement.map(({ host_id }) => host_id)).size).toBe(4);
    // The control plane itself reads the header, by a range that has an end.
    const fetched = hub.requests
      .filter(({ at, range }) => at === "cdn" && !/-\d/.test(range ?? ""))
      .reduce((sum, { sent }) => sum + sent, 0);
    expect(fetched / Bun.file(demo).size).toBeGreaterThanOrEqual(1);
    expect(fetched / Bun.file(demo).size).toBeLessThanOrEqual(1.1);
    expect((await endpoint.chat("Hello")).status).toBe(200);
  });
});
