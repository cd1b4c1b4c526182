/** Runs the load client and reads what it found. */

/** Where chat requests go. */
export interface Target {
  name: string;
  /** IPv4; 127.0.0.1 without it. */
  host?: string;
  port: number;
  model: string;
  /** Null: none is sent. */
  key: string | null;
  headers?: readonly string[];
  /** Whose CPU time and memory count; null: nobody's. */
  pid: number | null;
}

export interface Faults {
  status: number;
  protocol: number;
  truncated: number;
  wrong_body: number;
  unanswered: number;
  connect: number;
  lost: number;
  reordered: number;
  merged: number;
  foreign: number;
  malformed: number;
  no_finish: number;
  no_usage: number;
  no_done: number;
}

export interface LoadResult {
  /** From the first request to the last answer. */
  seconds: number;
  begun: number;
  over: number;
  good: number;
  aborted: number;
  /** Answers a second, of those that came in time. */
  rate: number;
  /** Of streams: until the first event. */
  latency_us: { p50: number; p90: number; p99: number; max: number; mean: number };
  whole_streams: number;
  /** Streams that were open at once and had said something. */
  open_peak: number;
  /** Content chunks that came, each in its place. */
  pieces: number;
  faults: Faults;
  fault_count: number;
  /** What went wrong first, in words. */
  first_fault: string;
}

export type LoadMode =
  | { mode: "closed"; connections: number; seconds: number }
  | { mode: "paced"; rate: number; seconds: number }
  | {
      mode: "streams";
      streams: number;
      chunks: number;
      interval_us: number;
      ramp_ms: number;
      patience_ms?: number;
    }
  | { mode: "mixed"; connections: number; seconds: number; seed: number; interval_us: number };

/** PROGRAM: the compiled client. Throws what it said when it did not end well; faults are no error here. */
export async function load(
  program: string,
  target: Pick<Target, "host" | "port" | "model" | "key" | "headers">,
  { mode, ...numbers }: LoadMode,
): Promise<LoadResult> {
  const words = Object.entries(numbers).flatMap(([name, value]) => [
    `--${name.replaceAll("_", "-")}`,
    String(value),
  ]);
  const headers = (target.headers ?? []).flatMap((line) => ["--header", line]);
  const host = target.host ? ["--host", target.host] : [];
  const about = [
    ...host,
    "--port",
    String(target.port),
    "--model",
    target.model,
    ...words,
    ...headers,
  ];
  const child = Bun.spawn([program, mode, ...about], {
    env: { ...process.env, ...(target.key && { LOAD_KEY: target.key }) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const end = () => child.kill("SIGKILL");
  process.once("exit", end);
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  process.off("exit", end);
  if (code !== 0) throw new Error(`The load client failed: ${err.trim() || `code ${code}`}`);
  return JSON.parse(out) as LoadResult;
}

/** Throws when an answer of TARGET was not as it must be: a number measured with it means nothing. */
export function mustBeClean(name: string, result: LoadResult): LoadResult {
  if (result.fault_count === 0 && result.good > 0) return result;
  const kinds = Object.entries(result.faults).filter(([, count]) => count > 0);
  const counted = kinds.map(([kind, count]) => `${kind} ${count}`).join(", ");
  throw new Error(
    `${name}: ${result.over - result.good} of ${result.over} answers were not as they must be (${counted || "none came"}). First: ${result.first_fault || "nothing"}`,
  );
}
