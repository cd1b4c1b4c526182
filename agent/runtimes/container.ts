/** An engine that comes as an image: the same command, run by Docker or Podman. */
import { mkdir, readdir, realpath, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { DesiredReplica } from "../contract/protocol/messages.ts";
import { StartError } from "../replicas/start-error.ts";
import { exitInside, inWords, lastOf, refusedByProgram } from "./container-failure.ts";
import { devicesInside, gpusOf } from "./devices.ts";
import { quiet } from "./engine-arguments.ts";
import type { Launch, Plan, RuntimeDriver } from "./runtime.ts";

export interface ContainerOptions {
  /** Such as `vllm/vllm-openai:v0.32.0`; it lies on this host already. */
  image: string;
  /** `docker` or `podman`, or the path of one; whichever is on PATH without it, Docker first. */
  program?: string | undefined;
  /** What the engine compiles is kept here, so that only the first start waits for it. */
  cache_folder: string;
  /** The agent's own environment. */
  env: Readonly<Record<string, string | undefined>>;
  log(line: string): void;
}

interface Contained {
  name: "vllm" | "sglang";
  /** The command inside the image, and its arguments. */
  entrypoint: string;
  arguments(launch: Launch, version: string): string[];
  /** Variables that only this engine needs. They may be secrets, and PYTHONPATH among them is a folder outside. */
  env(launch: Launch): Record<string, string>;
  classify: RuntimeDriver["classify"];
  start_timeout_ms(launch: Launch): number;
}

/** Of the agent's (fence/mark.ts): by them the processes inside are known as ours. */
const marks = ["HYPERVIZE_REPLICA", "SPT_NOENV"];
/** Where the cache folder is inside, which is the home of whoever runs there. */
const home_inside = "/hypervize";
/** The agent's user need not be known inside, and PyTorch wants a name when it is imported (vllm#44548). */
const user_option = "hypervize";
const no_program = "Neither Docker nor Podman is on this host. Install one of them.";
const look_ms = 10_000;

export function inContainer(
  engine: Contained,
  options: ContainerOptions,
): Pick<RuntimeDriver, "detect" | "plan" | "classify" | "elsewhere"> {
  const { image, cache_folder } = options;
  const version = versionIn(image);
  let told: string | undefined;
  return {
    elsewhere: true,
    async detect() {
      const program = programOf(options);
      const problem = program === undefined ? no_program : await problemOf(program, options);
      if (program !== undefined && problem === undefined) {
        told = undefined;
        return { name: engine.name, version, path: `${basename(program)}:${image}` };
      }
      // Somebody named the image, and would look for it among the host's runtimes for nothing.
      if (problem !== told) {
        options.log(`${engine.name} does not run from the image ${image}: ${problem}`);
      }
      told = problem;
      return undefined;
    },
    async plan(launch): Promise<Plan> {
      const program = programOf(options);
      if (program === undefined) {
        throw new StartError(
          "config",
          `${engine.name} is to run from the image ${image}. ${no_program}`,
        );
      }
      const { spec } = launch;
      const devices = devicesInside(spec, { name: engine.name, version });
      const inside = { ...quiet, ...devices, HOME: home_inside, USER: user_option };
      const own = engine.env(launch);
      const folders = [...(await mountsOf(launch.weights_path)), own["PYTHONPATH"] ?? []].flat();
      const folder = join(cache_folder, engine.name);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const words = [
        ...["run", "--rm", "--pull=never", "--network=host", "--ipc=host"],
        // Its output is the client's; a second copy would grow without bounds in the service's folder.
        "--log-driver=none",
        ...["--security-opt", "no-new-privileges", "--cap-drop=ALL"],
        ...nameFor(program, spec),
        ...identityFor(program),
        ...gpuWords(program, spec),
        ...folders.flatMap((path) => ["-v", `${path}:${path}:ro`]),
        ...["-v", `${folder}:${home_inside}`],
        ...Object.entries(inside).flatMap(([name, value]) => ["-e", `${name}=${value}`]),
        // By name alone, their values come from the client's environment: a command line is for all to read.
        ...[...Object.keys({ ...spec.env, ...own }), ...marks].flatMap((name) => ["-e", name]),
        ...["--entrypoint", engine.entrypoint, image],
        ...engine.arguments(launch, version),
      ];
      return {
        command: [program, ...words],
        env: { ...clientEnvironment(options), ...own },
        start_timeout_ms: engine.start_timeout_ms(launch),
      };
    },
    classify(death) {
      const exit = exitInside(death.exit);
      return refusedByProgram(death) ?? engine.classify({ ...death, exit });
    },
  };
}

function programOf({ program, env: { PATH } }: ContainerOptions): string | undefined {
  const names = program === undefined ? ["docker", "podman"] : [program];
  const found = names.map((name) => Bun.which(name, PATH === undefined ? {} : { PATH }));
  return found.find((place) => place !== null);
}

/** Where the client finds its service, its images and its settings. */
function clientEnvironment({ env }: ContainerOptions): Record<string, string> {
  const own = /^(?:PATH|HOME|XDG_RUNTIME_DIR|DOCKER_\w+|CONTAINERS?_\w+)$/;
  const passed = Object.entries(env).filter(([name]) => own.test(name));
  return Object.fromEntries(passed.map(([name, value]) => [name, value ?? ""]));
}

const isPodman = (program: string): boolean => basename(program).startsWith("podman");

/** A tag such as `v0.11.2` or `v0.5.4-cu129` is the engine's version. */
function versionIn(image: string): string {
  return /:v?(\d+(?:\.\d+)+[\w.]*)[^/]*$/.exec(image)?.[1] ?? "unknown";
}

/**
 * Podman has no service that keeps its books: where its monitor was killed (conmon), or the host lost its power, it
 * says for ever that the container is there. The replica's next start takes its place. Nobody else has the name.
 */
function nameFor(program: string, { id }: Pick<DesiredReplica, "id">): string[] {
  return isPodman(program) ? ["--name", `hypervize-${id}`, "--replace"] : [];
}

/**
 * Processes inside are the agent's own user outside, so that their files and their mark can be read and they
 * can be ended by identity. Rootless Podman maps that user to itself (podman-run(1), --userns).
 */
function identityFor(program: string): string[] {
  const [uid = 0, gid = 0] = [process.getuid?.(), process.getgid?.()];
  const user = ["--user", `${uid}:${gid}`];
  return isPodman(program) && uid !== 0 ? ["--userns=keep-id", ...user] : user;
}

/** CDI names for Podman; Docker's own flag wants its list quoted, since commas part options. */
function gpuWords(program: string, spec: Pick<DesiredReplica, "devices">): string[] {
  const all = spec.devices.length === 0;
  const gpus = gpusOf(spec);
  if (!all && gpus.length === 0) return [];
  if (isPodman(program)) {
    return (all ? ["all"] : gpus).flatMap((gpu) => ["--device", `nvidia.com/gpu=${gpu}`]);
  }
  return ["--gpus", all ? "all" : `"device=${gpus.join(",")}"`];
}

/** The folder itself, and those that links in it lead to: the hub's snapshots are links to blobs. */
async function mountsOf(path: string): Promise<string[]> {
  const isFolder = (await stat(path)).isDirectory();
  const files = isFolder ? (await readdir(path)).map((name) => join(path, name)) : [path];
  const real = await Promise.all(files.map(async (file) => dirname(await realpath(file))));
  const folder = isFolder ? path : dirname(path);
  return [...new Set([folder, ...real])];
}

/** Why the image cannot be run here; undefined when it lies here and the program works. */
async function problemOf(program: string, options: ContainerOptions): Promise<string | undefined> {
  const impatience = AbortSignal.timeout(look_ms);
  const child = Bun.spawn([program, "image", "inspect", options.image], {
    env: clientEnvironment(options),
    stdio: ["ignore", "ignore", "pipe"],
    signal: impatience,
    killSignal: "SIGKILL",
  });
  const said = await new Response(child.stderr).text();
  if ((await child.exited) === 0) return undefined;
  if (impatience.aborted) return `${program} does not answer within ${look_ms / 1000} s.`;
  return inWords(said) ?? `${program} says: ${lastOf(said.split("\n"))}`;
}
