/**
 * A site without a network: what came in a bundle is imported, deployed and asked on a machine whose
 * only way out leads to a hub that writes down who comes.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { S3Testbed } from "../../agent/contract/s3/s3.testbed.ts";
import { HubTestbed } from "../../agent/weights/hub/hub.testbed.ts";
import type { Sizing } from "../app/control-api.ts";
import { eventually, Testbed } from "./appliance.testbed.ts";
import { ApplianceProcess } from "./appliance-process.ts";
import { EndpointClient } from "./endpoint-client.ts";
import { makeRemoteMachine, type RemoteMachine, whyNoRemoteMachine } from "./remote-machine.ts";

setDefaultTimeout(120_000);

const obstacle = whyNoRemoteMachine();
if (obstacle) process.stderr.write(`A site without a network is not tested: ${obstacle}.\n`);

const demo = join(import.meta.dir, "../../agent/weights/demo/hypervize-demo.gguf");
const model = "org/demo";
const stored = "s3://models/llms/the demo";

describe.skipIf(obstacle !== null)("a site without a network", () => {
  const testbed = new Testbed();
  const before = { ...process.env };
  let hub: HubTestbed;
  let store: S3Testbed;
  let site: RemoteMachine;
  let appliance: ApplianceProcess;
  /** Everybody who dialled the site's hub. */
  const visitors: string[] = [];
  let watch: { stop(now: boolean): void; port: number };
  let bundle: string;
  let fingerprint: string;

  beforeAll(async () => {
    hub = await HubTestbed.start({
      repos: { [model]: { files: { "demo-Q4_K_M.gguf": demo, "README.md": new Uint8Array(9) } } },
    });
    store = await S3Testbed.start({ "llms/the demo/demo-Q4_K_M.gguf": readFileSync(demo) });
    site = makeRemoteMachine();
    testbed.defer(async () => site.remove());
    watch = Bun.listen({
      hostname: site.here,
      port: 0,
      socket: { open: (socket) => void visitors.push(socket.remoteAddress), data: () => undefined },
    }) as typeof watch;
    const world = testbed.folder();
    bundle = join(world, "demo.hvb");
    const words = ["bundle", "export", bundle, "--home", world];
    const models = [model, stored, `file://${demo}`].flatMap((one) => ["--model", one]);
    const { endpoint, access_key_id, secret_access_key } = store.access();
    const exported = await testbed.run([...words, ...models, "--runtime", "llama-server"], {
      HF_ENDPOINT: hub.url,
      AWS_ENDPOINT_URL: endpoint,
      AWS_CA_BUNDLE: "",
      AWS_ACCESS_KEY_ID: access_key_id,
      AWS_SECRET_ACCESS_KEY: secret_access_key,
    });
    // A slow machine is told how far it is.
    const trouble = exported.err.replace(/^.* of .*\/s\n?/gm, "").trim();
    expect([exported.code, trouble]).toEqual([0, ""]);
    fingerprint = /by the key ([0-9a-f]{64})\./.exec(exported.out)?.[1] ?? "";
    // From here on everybody is on the site, whose hub is the one that watches.
    process.env["HF_ENDPOINT"] = `http://${site.here}:${watch.port}`;
    delete process.env["HYPERVIZE_LLAMA_SERVER"];
    appliance = await ApplianceProcess.create(testbed, site.there, site.before);
  });
  afterAll(async () => {
    for (const name of ["HF_ENDPOINT", "HYPERVIZE_LLAMA_SERVER"]) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
    await testbed.end();
    watch.stop(true);
    await hub.stop();
    await store.stop();
  });

  const importInto = (home: string, ...options: string[]) =>
    testbed.run(["bundle", "import", bundle, "--home", home, ...options], {}, site.before);

  test("the watch sees who comes, and nothing else is in reach", async () => {
    const [file = "", ...words] = site.before;
    const there = (code: string) =>
      spawnSync(file, [...words, process.execPath, "-e", code], { encoding: "utf8" }).stdout.trim();
    const dial = (address: string) =>
      there(`await Bun.connect({hostname:"${address}",port:${watch.port},socket:{data(){}}})
        .then(() => console.log("there"), (error) => console.log(error.code)); process.exit()`);
    expect(dial(site.here)).toBe("there");
    await eventually("the visitor was seen", async () => visitors.length > 0);
    expect(visitors.splice(0)).toEqual([site.there]);
    expect(dial("192.0.2.1")).not.toBe("there");
  });

  test("a bundle is refused until its key is trusted, and then deploys without a word to a hub", async () => {
    const agent = await appliance.addAgent(testbed.folder(), site.before);
    const refused = await importInto(agent.home);
    expect([refused.code, refused.out]).toEqual([1, ""]);
    expect(refused.err).toContain(`--trust ${fingerprint}`);
    await agent.kill();
    const imported = await importInto(agent.home, "--trust", fingerprint);
    expect([imported.err, imported.code]).toEqual(["", 0]);
    expect(imported.out).toContain(`hypervize endpoints create ${model}:demo-Q4_K_M.gguf`);
    expect(imported.out).toContain(`hypervize endpoints create '${stored}:demo-Q4_K_M.gguf'`);
    const local = /create (file:\/\/\S+)/.exec(imported.out)?.[1] ?? "";
    // The appliance has no agent in its home: it keeps what sizing needs, and none of the weights.
    const learned = await importInto(appliance.home, "--trust", fingerprint, "--facts-only");
    expect([learned.err, learned.code]).toEqual(["", 0]);
    const copies = [...new Bun.Glob("**/*.gguf").scanSync({ cwd: appliance.home, dot: true })];
    expect(copies).toEqual([]);

    agent.start();
    const host = await eventually("a host is up", async () => {
      const [first] = await appliance.hosts();
      return first?.status === "up" && first;
    });
    const [runtime] = host.inventory?.runtimes ?? [];
    expect(runtime?.path).toStartWith(join(agent.home, "runtimes", "llama-server-"));
    for (const name of [model, `${model}:Q4_K_M`, stored, local]) {
      const endpoint = await EndpointClient.provision(appliance, { model: name });
      const view = await endpoint.is("up");
      expect(view.sizing).toMatchObject({ source: "headers" });
      expect((await endpoint.chat("What is 2+2?")).status).toBe(200);
      await endpoint.remove();
      await endpoint.isGone();
    }
    for (const name of [model, stored]) {
      const sizing = await appliance.api<Sizing>("/api/size", { model: name, gpu: "L4" });
      expect(sizing.source).toBe("headers");
    }
    expect(visitors).toEqual([]);
  });
});
