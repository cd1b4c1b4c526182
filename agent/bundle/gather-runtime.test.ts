import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { BundleBench } from "./bundle.testbed.ts";
import { gatherRuntime, parseLdd, parseVersion, startedBy } from "./gather-runtime.ts";

const bench = new BundleBench();
afterAll(() => bench.close());

test("ldd's list is read, without the driver's libraries and the kernel's own", () => {
  const output = `\tlinux-vdso.so.1 (0x00007ffd5d5f2000)
\tlibllama.so => /opt/llama/libllama.so (0x00007f2f1c000000)
\tlibcuda.so.1 => /lib/x86_64-linux-gnu/libcuda.so.1 (0x00007f2f17000000)
\tlibnvidia-ml.so.1 => not found
\tlibcublas.so.12 => not found
\t/lib64/ld-linux-x86-64.so.2 (0x00007f2f1d000000)
`;
  expect(parseLdd(output)).toEqual({
    paths: ["/opt/llama/libllama.so", "/lib64/ld-linux-x86-64.so.2"],
    missing: ["libcublas.so.12"],
  });
});

test.each([
  ["version: 0.7.0 (build 11669, commit Debian)\nbuilt with GNU 16.2.0", "0.7.0"],
  ["version: 11669 (b5a1f2c3)\nbuilt with cc", "11669"],
  ["vLLM API server version 0.12.0\n", "0.12.0"],
  ["INFO 11-24 x\n0.5.6.post2\n", "0.5.6.post2"],
  ["no number", "unknown"],
])("%j is version %s", (output, version) => expect(parseVersion(output)).toBe(version));

test("a starter with its own loader is seen through; any other script is not", () => {
  expect(
    startedBy('#!/bin/sh\nexec /r/ld-linux-x86-64.so.2 --library-path /r:/s /r/llama "$@"\n'),
  ).toEqual({
    program: "/r/llama",
    loader: { path: "/r/ld-linux-x86-64.so.2", library_path: "/r:/s" },
  });
  expect(
    startedBy('#!/bin/sh\nexec "$lib/ld-linux.so" --library-path "$lib" "$lib/x" "$@"\n'),
  ).toBeUndefined();
  expect(startedBy("#!/bin/sh\nllama-server --port 1\n")).toBeUndefined();
});

test("a script that starts something unknown is refused with what to name instead", async () => {
  const path = bench.put("odd/start", "#!/bin/sh\necho 1.0\n", 0o755);
  await expect(gatherRuntime("llama-server", path)).rejects.toThrow(
    "--runtime llama-server=FOLDER",
  );
  await expect(gatherRuntime("llama-server", "/nowhere")).rejects.toThrow(
    "There is no /nowhere here",
  );
  const dead = bench.put("dead/llama-server", "#!/bin/sh\nexit 1\n", 0o755);
  await expect(gatherRuntime("llama-server", dead)).rejects.toThrow("does not run here");
});

test.skipIf(Bun.which("ldd") === null)(
  "a program comes with its libraries and runs in another place",
  async () => {
    // Any program of the system will do: this one prints its version like the runtimes.
    const program = Bun.which("tar") ?? "/bin/tar";
    const { files } = await gatherRuntime("llama-server", program);
    expect(files.map(({ name }) => name)).toContain("lib/libc.so.6");
    await bench.export({ runtimes: [{ name: "llama-server", path: program }] });
    const { items } = await bench.import(bench.home());
    const moved = Bun.spawnSync([items[0]?.path ?? "", "--version"]);
    const original = Bun.spawnSync([program, "--version"]);
    expect(moved.stdout.toString()).toBe(original.stdout.toString());
    expect(moved.exitCode).toBe(0);
    const program_path = join(items[0]?.path ?? "", "..", "lib", "libc.so.6");
    expect(await Bun.file(program_path).exists()).toBe(true);
  },
);
