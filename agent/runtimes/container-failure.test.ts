import { expect, test } from "bun:test";
import { exitInside, refusedByProgram } from "./container-failure.ts";

const dead = (code: number, line: string, was_ready = false) =>
  refusedByProgram({
    exit: { code, signal: undefined },
    log_tail: ["", ...line.split("\n"), ""],
    was_ready,
    out_of_memory_kills: false,
  });

test.each([
  ["could not select device driver", "NVIDIA Container Toolkit"],
  ["Error: setting up CDI devices: unresolvable CDI devices nvidia.com/gpu=x", "nvidia-ctk cdi"],
  ["Got permission denied while trying to connect to the Docker daemon socket", "group docker"],
  ["permission denied while trying to connect to the docker API at unix:///x", "group docker"],
  ["Error: x: image not known", "Pull it"],
  ['cannot set up namespace using "/usr/bin/newuidmap": exit status 1', "package uidmap"],
  ['Error: runc: exec: "vllm": executable file not found in $PATH', "not an image of this engine"],
  ["Error: crun: executable file `vllm` not found in $PATH", "not an image of this engine"],
])("%j is explained", (line, sentence) => {
  expect(dead(125, line)).toMatchObject({
    failure_class: "config",
    retry: false,
    message: expect.stringContaining(sentence),
  });
});

test.each([
  "Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?",
  "failed to connect to the docker API at unix:///x; check if the daemon is running",
])("an update of Docker does not end what it runs for good: %j", (line) => {
  expect(dead(125, line)).toMatchObject({
    failure_class: "runtime_crash",
    retry: true,
    message: expect.stringContaining("Start it"),
  });
});

test.each([false, true])(
  "a restart of Docker while a container runs is said, served: %j",
  (served) => {
    const line =
      'time="2026-11-30T17:36:00Z" level=error msg="error waiting for container: unexpected EOF"';
    expect(dead(125, line, served)).toMatchObject({
      failure_class: "runtime_crash",
      retry: true,
      message: expect.stringContaining("The container was lost"),
    });
  },
);

test.each(["See 'docker run --help'.", "Run 'docker run --help' for more information"])(
  "where Docker's help is, is no reason: %j",
  (hint) => {
    const line = "docker: Error response from daemon: strange.";
    expect(dead(125, `${line}\n\n${hint}`)?.message).toEndWith(line);
  },
);

test("what nobody foresaw is tried again", () => {
  expect(dead(126, "strange")).toMatchObject({
    failure_class: "runtime_crash",
    retry: true,
    message: "The container could not be started: strange",
  });
});

test("an end of the engine's own is none of the program's", () => {
  expect(dead(1, "image not known")).toBeUndefined();
  expect(dead(125, "image not known", true)).toBeUndefined();
});

test.each([
  [
    { code: 137, signal: undefined },
    { code: undefined, signal: "SIGKILL" },
  ],
  [
    { code: 139, signal: undefined },
    { code: undefined, signal: "SIGSEGV" },
  ],
  [{ code: 1, signal: undefined }, undefined],
  [{ code: 128, signal: undefined }, undefined],
  [{ code: undefined, signal: "SIGKILL" }, undefined],
])("%j of the client was %j inside", (exit, inside) => {
  expect(exitInside(exit)).toEqual(inside ?? exit);
});
