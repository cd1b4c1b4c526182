/**
 * The dev loop: an appliance from the sources with a fleet of stand-ins and data to look at. It starts again when its
 * source changes; the dashboard is built anew and reloads by itself. Ctrl-C ends all of it. Usage: npm run dev.
 */

import { once } from "node:events";
import { appendFileSync, readFileSync, watch } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Fleet } from "./dev/fleet.ts";
import { openFront } from "./dev/front.ts";
import { type Kept, Place } from "./dev/place.ts";
import { openProvider } from "./dev/provider.ts";
import { type Api, seed } from "./dev/seed.ts";
import { Service } from "./dev/service.ts";
import { Offspring } from "./testing/offspring.ts";

const root = join(import.meta.dir, "..");
const main = join(root, "src/main.ts");
const settle_ms = 200;
const usage = `usage: npm run dev [-- options]
  --port N      the dashboard and the API (default 8080)
  --home DIR    data folder (default .dev)
  --fresh       begins with new data
  --inspect     opens Bun's inspector on the appliance, and prints its address`;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function options() {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: "string", default: "8080" },
        home: { type: "string", default: join(root, ".dev") },
        fresh: { type: "boolean", default: false },
        inspect: { type: "boolean", default: false },
        help: { type: "boolean" },
      },
    });
    if (!/^[1-9]\d{0,4}$/.test(values.port)) {
      throw new Error(`--port is ${values.port}. It must be a number from 1 to 65535.`);
    }
    if (!values.help) return values;
    say(usage);
    process.exit(0);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n${usage}\n`);
    process.exit(2);
  }
}

const { port, home, fresh, inspect } = options();
const offspring = new Offspring();
const place = new Place(home, fresh);
const endings: (() => unknown)[] = [];
let isEnding = false;

async function leave(code: number): Promise<never> {
  isEnding = true;
  for (const end of endings.reverse()) await end();
  await offspring.end();
  process.exit(code);
}
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    if (!isEnding) void leave(0);
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address ? address.port : 0;
}

async function run(): Promise<void> {
  const kept: Kept = place.kept() ?? {
    ports: { appliance: await freePort(), agents: await freePort(), provider: await freePort() },
    key: "",
  };
  const { ports } = kept;
  const appliance_url = `http://127.0.0.1:${ports.appliance}`;
  const provider = openProvider(ports.provider);
  const front = openFront(Number(port), appliance_url);
  const fleet = new Fleet();
  const appliance = new Service({
    name: "The appliance",
    command: [
      ...[process.execPath, ...(inspect ? ["--inspect"] : []), main, "serve"],
      ...["--home", place.at("home"), "--host", "127.0.0.1", "--port", String(ports.appliance)],
      ...["--agent-port", String(ports.agents), "--advertise", `127.0.0.1:${ports.agents}`],
    ],
    heard: say,
    started: (pid) => offspring.adopt(pid),
  });
  endings.push(provider.stop, front.stop, () => fleet.end());
  const services: Service[] = [appliance];
  endings.push(() => Promise.all(services.map((service) => service.stop())));
  appliance.start();
  const api = await opened(appliance_url);

  const agents: Service[] = [];
  for (const host of fleet.hosts) {
    const own = place.at(host.name);
    const { token } = await api<{ token: string }>("POST", "/api/hosts/join-tokens", {});
    const agent = new Service({
      name: `The agent of ${host.name}`,
      command: [
        ...named(host.name),
        ...[process.execPath, main, "agent", "--home", own, "--relay-port", "0"],
        ...["--vllm", host.vllm, "--sglang", host.sglang],
        ...host.labels.flatMap((label) => ["--label", label]),
        ...(kept.key ? [] : ["--join", token]),
      ],
      env: { PATH: `${host.path}:${process.env["PATH"]}` },
      heard: (line) => appendFileSync(place.at(`${host.name}.log`), `${line}\n`),
      started: (pid) => offspring.adopt(pid),
    });
    agent.start();
    agents.push(agent);
    services.push(agent);
  }
  await hostsUp(api, fleet.hosts.length);

  if (!kept.key) {
    say("Filling it with people, keys, models, endpoints and two weeks of usage.");
    kept.key = await seed(api, place, provider.port);
    place.keep(kept);
    // What was spent is read at the start.
    await appliance.restart();
    await opened(appliance_url);
  }
  follow("src", () => appliance.restart(), "the appliance");
  follow("agent", () => Promise.all(agents.map((agent) => agent.restart())), "the agents");
  const login = JSON.parse(readFileSync(place.at("home", "first-login.json"), "utf8"));
  say(`
Dashboard  ${front.url}     (the appliance itself: ${appliance_url})
Login      ${login.email}   ${login.password}
Key        ${kept.key}
Try        curl ${front.url}/v1/chat/completions -H "authorization: Bearer ${kept.key}" -H "content-type: application/json" -d '{"model":"fast","messages":[{"role":"user","content":"Hello"}]}'
Logs       ${place.folder}/dev-1.log and so on; the appliance's are here.

A change below src/ or agent/ starts what runs it again, one below ui/ shows in the browser. Ctrl-C ends all of it.`);
}

/** A host name of its own, where this machine lets us give one; else all hosts are called as it is. */
function named(name: string): string[] {
  const words = ["unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"', name];
  return Bun.spawnSync([...words, "true"], { stderr: "ignore" }).exitCode === 0 ? words : [];
}

/** The API, as soon as it answers, for the admin key of the home. */
async function opened(url: string): Promise<Api> {
  const api: Api = async (method, path, body) => {
    const key = readFileSync(place.at("home", "admin-key"), "utf8").trim();
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  };
  await until("The appliance does not answer", () => api("GET", "/api/hosts"));
  return api;
}

interface Hosts {
  data: { status: string; inventory: { gpus: unknown[] } | null }[];
}

async function hostsUp(api: Api, count: number): Promise<void> {
  await until(`The ${count} hosts are not up; see ${place.folder}/dev-1.log`, async () => {
    const { data } = await api<Hosts>("GET", "/api/hosts");
    const up = data.filter(({ status, inventory }) => status === "up" && inventory?.gpus.length);
    if (up.length < count) throw new Error(`${up.length} hosts are up.`);
  });
}

async function until(sentence: string, probe: () => Promise<unknown>): Promise<void> {
  let last = "";
  for (const since = performance.now(); performance.now() - since < 60_000; ) {
    const error = await probe().then(
      () => null,
      (reason: unknown) => String(reason),
    );
    if (error === null) return;
    last = error;
    await Bun.sleep(100);
  }
  throw new Error(`${sentence} within a minute: ${last}`);
}

/** Does RESTART when a source below FOLDER has changed: once for all that an editor or git writes at once. */
function follow(folder: string, restart: () => Promise<unknown>, what: string): void {
  let timer: NodeJS.Timeout | undefined;
  const watcher = watch(join(root, folder), { recursive: true }, (_, file) => {
    if (!file || !/\.(?:ts|sql|json|py)$/.test(file) || /\.test\.ts$|scenarios\//.test(file))
      return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (isEnding) return;
      say(`${folder}/${file} has changed: ${what} starts again.`);
      void restart();
    }, settle_ms);
  });
  endings.push(() => watcher.close());
}

await run().catch(async (error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  await leave(1);
});
