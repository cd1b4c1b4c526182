/** Which tests were skipped, and whether that is known: what a machine lacks may be, what a change has switched off not. */

export interface Skip {
  file: string;
  /** With what it stands in. */
  name: string;
}

interface Known {
  file: string;
  /** Of its name; all of the file without it. */
  name?: string;
  because: string;
}

const namespaces = "network namespaces need root and the command ip";
const vulkan = "Debian's Vulkan packages could not be had";
const faketime = "there is no faketime";
const compiler = "there is no C compiler";

/** What may be skipped, where a machine has not what it needs. */
const known: readonly Known[] = [
  { file: ".ci/bench/load.test.ts", because: compiler },
  { file: ".ci/bench/mock.test.ts", because: compiler },
  {
    file: ".ci/get-llama-server.test.ts",
    name: "the packages asked of Debian",
    because: "there is no keyring of Debian",
  },
  {
    file: ".ci/install.test.ts",
    name: "systemd takes every word",
    because: "there is no systemd-analyze",
  },
  {
    file: "agent/bundle/gather-runtime.test.ts",
    name: "a program comes with its libraries",
    because: "there is no ldd",
  },
  {
    file: "agent/bundle/import.test.ts",
    name: "a home of somebody else",
    because: "it needs root",
  },
  {
    file: "agent/hardware/kernel-log.test.ts",
    name: "this machine's log",
    because: "/dev/kmsg may not be read",
  },
  {
    file: "agent/runtimes/container-real.test.ts",
    name: "engines in containers of",
    because: "there is no such service that works",
  },
  {
    file: "agent/runtimes/guard.test.ts",
    name: "what serves is open",
    because: "there is no python3",
  },
  { file: "src/scenarios/documents/air-gap-install.test.ts", because: namespaces },
  { file: "agent/runtimes/llama-gpu-real.test.ts", name: "a build for Vulkan", because: vulkan },
  {
    file: "agent/weights/hub/disk-full.test.ts",
    name: "it fails with the disk's word",
    because: "a tmpfs of its own needs root",
  },
  { file: "src/scenarios/air-gap.test.ts", because: namespaces },
  { file: "src/scenarios/blind-runtime.test.ts", name: "a second host", because: vulkan },
  { file: "src/scenarios/bundle-as-root.test.ts", because: "it needs root" },
  {
    file: "src/scenarios/host-faults.test.ts",
    name: "a runtime that the kernel kills",
    because: "no cgroup can be made",
  },
  { file: "src/scenarios/host-faults.test.ts", name: "a host whose clock", because: faketime },
  { file: "src/scenarios/partition.test.ts", because: namespaces },
  { file: "src/scenarios/peers.test.ts", because: namespaces },
  {
    file: "src/scenarios/power-cut.test.ts",
    because: "a disk of its own needs root, loop devices and mkfs.ext4",
  },
  { file: "src/scenarios/remote-host.test.ts", because: namespaces },
  { file: "src/scenarios/tunnel.test.ts", because: namespaces },
  {
    file: "src/scenarios/who-is-there.test.ts",
    name: "a host of another network",
    because: namespaces,
  },
  { file: "src/scenarios/wrong-clock.test.ts", because: faketime },
  {
    file: "src/shared/http1/differential.test.ts",
    name: "of 25,000 connections",
    because: "there is no node",
  },
];

/** From the report that bun writes for JUnit. */
export function skipsIn(report: string): Skip[] {
  const cases = report.matchAll(/<testcase ([^>]*[^/])>\s*<skipped\b/g);
  return [...cases].map(([, attributes = ""]) => {
    const of = (name: string): string =>
      plain(new RegExp(`(?:^| )${name}="([^"]*)"`).exec(attributes)?.[1] ?? "");
    return { file: of("file"), name: [of("classname"), of("name")].filter(Boolean).join(" > ") };
  });
}

const entities: Readonly<Record<string, string>> = {
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&apos;": "'",
  "&amp;": "&",
};
const plain = (text: string): string =>
  text.replace(/&(?:lt|gt|quot|apos|amp);/g, (entity) => entities[entity] ?? entity);

const reasonOf = ({ file, name }: Skip): string | undefined =>
  known.find((one) => one.file === file && name.startsWith(one.name ?? ""))?.because;

export const unknownAmong = (skips: readonly Skip[]): Skip[] =>
  skips.filter((skip) => reasonOf(skip) === undefined);

/** For people: one line for each reason in a file, and one for each test that nobody has given a reason for. */
export function skipLines(skips: readonly Skip[]): string[] {
  const groups = Map.groupBy(skips, (skip) => {
    const because = reasonOf(skip);
    return because
      ? `${because} (${skip.file})`
      : `NOBODY HAS SAID WHY. Add it to .ci/testing/skips.ts: ${skip.file}: ${skip.name}`;
  });
  return [...groups].map(([reason, all]) => `${all.length} skipped: ${reason}`);
}
