/** What we are compared with: nginx as a plain reverse proxy. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually, freePort, type Testbed } from "../../src/scenarios/appliance.testbed.ts";
import { childrenOf } from "./cost.ts";

const own = join(import.meta.dir, "../../.tools/nginx");
const advice = "Install it as root: apt-get install nginx-light";

const configuration = (folder: string, port: number, upstream: number): string => `
${process.getuid?.() === 0 ? "user root;" : ""}
worker_processes 1;
worker_rlimit_nofile 16384;
daemon off;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events { worker_connections 16384; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  keepalive_requests 100000000;
  upstream runtime { server 127.0.0.1:${upstream}; keepalive 512; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://runtime;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
    }
    location /files/ {
      sendfile on;
      alias ${folder}/files/;
    }
  }
}
`;

export interface Nginx {
  port: number;
  /** Of its only worker. */
  pid: number;
  /** What lies in it is at /files/. */
  files: string;
}

/** Ends with the testbed. */
export async function startNginx(testbed: Testbed, upstream: number): Promise<Nginx> {
  const folder = testbed.folder();
  const files = join(folder, "files");
  mkdirSync(files);
  const port = await freePort();
  const file = join(folder, "nginx.conf");
  writeFileSync(file, configuration(folder, port, upstream));
  const words = ["-c", file, "-p", folder, "-e", join(folder, "error.log")];
  const child = spawn(nginxProgram(), words, { stdio: ["ignore", "ignore", "pipe"] });
  testbed.defer(() => end(child));
  let said = "";
  child.stderr.on("data", (chunk) => {
    said += chunk;
  });
  await eventually(`nginx answers ${said}`, async () => {
    if (child.exitCode !== null) throw new Error(said);
    return (await fetch(`http://127.0.0.1:${port}/health`)).ok;
  });
  const [pid] = childrenOf(child.pid ?? 0);
  if (!pid) throw new Error("nginx has no worker.");
  return { port, pid, files };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  await once(child, "exit");
}

/** From PATH, or where Debian puts it, or from Debian's package in .tools. Throws a sentence otherwise. */
function nginxProgram(): string {
  const unpacked = join(own, "usr/sbin/nginx");
  const found = [Bun.which("nginx"), "/usr/sbin/nginx", unpacked].find((path) => works(path));
  if (found) return found;
  unpack();
  if (works(unpacked)) return unpacked;
  throw new Error(`The benchmark compares with nginx, which is not here. ${advice}`);
}

const works = (path: string | null): boolean =>
  path !== null && Bun.which(path) !== null && Bun.spawnSync([path, "-v"]).exitCode === 0;

/** Needs no root: nothing is installed, and what nginx links to is in every Debian. */
function unpack(): void {
  if (!Bun.which("apt-get") || !Bun.which("dpkg-deb")) return;
  rmSync(own, { recursive: true, force: true });
  mkdirSync(own, { recursive: true });
  for (const name of ["nginx", "nginx-light"]) {
    Bun.spawnSync(["apt-get", "-qq", "download", name], { cwd: own, timeout: 60_000 });
  }
  for (const file of new Bun.Glob("*.deb").scanSync(own)) {
    Bun.spawnSync(["dpkg-deb", "--extract", file, "."], { cwd: own });
  }
}
