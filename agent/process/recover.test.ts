import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { identify, livingGroup, type ProcessIdentity } from "../contract/process-identity.ts";
import { type Handle, handlesIn, parseHandle } from "./handle.ts";
import { recover } from "./recover.ts";
import { stopGroup } from "./stop.ts";
import { supervise } from "./supervise.ts";

const nothingLeft = async () => undefined;
const stop_times = { grace_ms: 5000, kill_ms: 5000 };
let folder = "";
const started: ProcessIdentity[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hypervize-recover-"));
});
afterEach(async () => {
  for (const identity of started.splice(0)) await stopGroup(identity, stop_times);
  rmSync(folder, { recursive: true });
});

function handleOf(id: string, process: ProcessIdentity): Omit<Handle, "version"> {
  const spec = {
    id,
    epoch: 1,
    model: "m",
    runtime: "llama-server",
    source: "builtin:m",
    context_tokens: 1,
    slots: 1,
    args: [],
    devices: [],
    env: {},
    hf_token: "",
  };
  const times = { started_at_ms: 1, start_timeout_ms: 1, ready_after_ms: 0 };
  return { process, spec, port: 1, restarts: 2, ...times };
}

async function spawn(script: string) {
  const log_path = join(folder, "log");
  const program = { command: ["/bin/sh", "-c", script], env: {}, log_path };
  return supervise(program, async (identity) => {
    started.push(identity);
  });
}

test("a live process is adopted, a dead one and one of another boot are dropped", async () => {
  const handles = handlesIn(folder);
  const alive = await spawn("exec /bin/sleep 60");
  const dead = await spawn("exit 0");
  await dead.exited;
  await handles.write(handleOf("rep_alive", alive.identity));
  await handles.write(handleOf("rep_dead", dead.identity));
  await handles.write(handleOf("rep_boot", { ...alive.identity, boot_id: "another" }));
  const { adopted, dropped, unreadable } = await recover(handles, stop_times, nothingLeft);
  expect(adopted).toEqual([{ version: 1, ...handleOf("rep_alive", alive.identity) }]);
  expect(dropped.sort()).toEqual(["rep_boot", "rep_dead"]);
  expect(unreadable).toEqual([]);
  expect((await handles.readAll()).handles).toHaveLength(1);
});

test("helpers that a dead runtime left behind are ended", async () => {
  const handles = handlesIn(folder);
  const { identity, exited } = await spawn("/bin/sleep 60 & exit 1");
  await exited;
  await handles.write(handleOf("rep_a", identity));
  expect(livingGroup(identity)).toHaveLength(1);
  await recover(handles, stop_times, nothingLeft);
  expect(livingGroup(identity)).toEqual([]);
});

test.each([
  ["", "nothing"],
  ["{", "half a file"],
  ["null", "no object"],
  ['{"version":2}', "another version"],
  ['{"version":1,"process":{"pid":"5"}}', "a field of another type"],
])("a handle file %j with %s is named and left alone", async (text) => {
  expect(parseHandle(text)).toBeUndefined();
  const path = join(folder, "rep_x.json");
  writeFileSync(path, text);
  const { adopted, unreadable } = await recover(handlesIn(folder), stop_times, nothingLeft);
  expect({ adopted, unreadable }).toEqual({ adopted: [], unreadable: [path] });
  expect(readdirSync(folder)).toEqual(["rep_x.json"]);
});

test("a token and keys of a store stay off the disk, and a handle from before tokens is read", async () => {
  const handles = handlesIn(folder);
  const own = identify(process.pid);
  if (own === undefined) throw new Error("this process has no entry in /proc");
  const handle = handleOf("rep_a", own);
  const s3 = {
    endpoint: "http://store",
    region: "",
    access_key_id: "s3_id",
    path_style: true,
    secret_access_key: "s3_secret",
  };
  await handles.write({ ...handle, spec: { ...handle.spec, hf_token: "hf_secret", s3 } });
  const text = readFileSync(join(folder, "rep_a.json"), "utf8");
  for (const word of ["hf_secret", "s3_id", "s3_secret"]) expect(text).not.toContain(word);
  expect(parseHandle(text)?.spec).toEqual(handle.spec);
  const old = JSON.parse(text);
  for (const field of ["devices", "env", "hf_token"]) delete old.spec[field];
  expect(parseHandle(JSON.stringify(old))?.spec).toEqual(handle.spec);
});

test("a handle is for the owner alone, and goes away for good", async () => {
  const handles = handlesIn(folder);
  const own = identify(process.pid);
  if (own === undefined) throw new Error("this process has no entry in /proc");
  await handles.write(handleOf("rep_a", own));
  expect(statSync(join(folder, "rep_a.json")).mode & 0o777).toBe(0o600);
  await handles.remove("rep_a");
  await handles.remove("rep_a");
  expect(readdirSync(folder)).toEqual([]);
});
