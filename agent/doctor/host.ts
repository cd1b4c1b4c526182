/** This machine as the checks see it: every effect that they have. */
import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { open, readdir, readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { fetchOutside, fetchOwn } from "../contract/proxy.ts";
import { diskOf } from "../hardware/inventory.ts";
import { fetchPinnedCa, PinMismatch } from "../session/pinned-ca.ts";
import { type DiskSpeed, measureDisk } from "./disk-speed-probe.ts";

export interface Ran {
  /** -1 when it was ended because it took too long. */
  code: number;
  /** Standard output and standard error, one after the other. */
  output: string;
}

/** `ours`: it has shown the CA that was asked for. */
export type Greeting = { is: "ours" | "another" | "silent"; why: string };

export interface Host {
  /** Of this process. */
  env: Readonly<Record<string, string | undefined>>;
  /** Where a program is on PATH; undefined when it is not. */
  which(program: string, PATH: string | undefined): string | undefined;
  /** Undefined when there is no such program. */
  run(program: string, ...args: string[]): Promise<Ran | undefined>;
  /** Undefined for what is not there or may not be read. */
  read(path: string): Promise<string | undefined>;
  /** Names in a folder; none when there is none. */
  names(path: string): Promise<string[]>;
  /** Whether it can be opened for reading without waiting. */
  opens(path: string): Promise<boolean>;
  /** Of the file system that holds PATH. */
  disk(path: string): Promise<{ bytes: number; free_bytes: number } | undefined>;
  diskSpeed(folder: string): Promise<DiskSpeed>;
  /** Whether somebody listens on the TCP port of this machine. */
  isTaken(port: number): Promise<boolean>;
  /** The clock of a web server, by its Date header, in ms; undefined when it does not answer. */
  dateOf(url: string): Promise<number | undefined>;
  /** Who answers at "host:port": by TLS, against a pin of the CA. */
  greets(address: string, ca_sha256: string): Promise<Greeting>;
  /** The status of a web server's answer, or why there was none. */
  asks(url: string, proxy: string | undefined): Promise<number | string>;
  now(): number;
}

const patience_ms = 20_000;
const web_patience_ms = 3000;

export const thisHost: Host = {
  env: process.env,
  which: (program, PATH) => Bun.which(program, { PATH: PATH ?? "" }) ?? undefined,
  run(program, ...args) {
    const path = program.includes("/") ? program : Bun.which(program);
    if (path === null) return Promise.resolve(undefined);
    return new Promise((settle) =>
      execFile(path, args, { timeout: patience_ms }, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
        settle(error?.code === "ENOENT" ? undefined : { code, output: `${stdout}\n${stderr}` });
      }),
    );
  },
  read: (path) => readFile(path, "utf8").catch(() => undefined),
  names: (path) => readdir(path).catch(() => []),
  async opens(path) {
    try {
      await (await open(path, constants.O_RDONLY | constants.O_NONBLOCK)).close();
      return true;
    } catch {
      return false;
    }
  },
  async disk(path) {
    const found = await diskOf(path).catch(() => undefined);
    return found && { bytes: found.disk_bytes, free_bytes: found.disk_free_bytes };
  },
  diskSpeed: measureDisk,
  isTaken: (port) =>
    new Promise((settle) => {
      const server = createServer();
      server.once("error", (error: NodeJS.ErrnoException) => settle(error.code === "EADDRINUSE"));
      server.listen(port, () => server.close(() => settle(false)));
    }),
  async dateOf(url) {
    try {
      const answer = await fetchOwn(url, { signal: AbortSignal.timeout(web_patience_ms) });
      await answer.body?.cancel();
      const date = Date.parse(answer.headers.get("date") ?? "");
      return Number.isNaN(date) ? undefined : date;
    } catch {
      return undefined;
    }
  },
  greets: (address, ca_sha256) =>
    fetchPinnedCa(address, ca_sha256, web_patience_ms).then(
      (): Greeting => ({ is: "ours", why: "" }),
      (error: Error): Greeting => ({
        is: error instanceof PinMismatch ? "another" : "silent",
        why: error.message,
      }),
    ),
  async asks(url, proxy) {
    try {
      const answer = await fetchOutside(url, {
        method: "HEAD",
        redirect: "manual",
        signal: AbortSignal.timeout(web_patience_ms),
        // Chosen from the agent's environment, which need not be this process's.
        proxy: proxy === undefined ? false : { url: proxy, respectNoProxy: false },
      });
      return answer.status;
    } catch (error) {
      if (!(error instanceof Error)) return String(error);
      if (error.name === "TimeoutError") return `no answer in ${web_patience_ms / 1000} s`;
      return "code" in error ? String(error.code) : error.message;
    }
  },
  now: Date.now,
};
