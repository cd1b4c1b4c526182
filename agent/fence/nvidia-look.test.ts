import { expect, test } from "bun:test";
import { FakeGpus } from "./fake-gpus-testbed.ts";
import { nvidiaLook, usesIn } from "./nvidia-look.ts";

const MIB = 2 ** 20;

test("reads who holds how much, and of a command line the program alone", () => {
  const gpus = "GPU-a, 81559, 74210\nGPU-b, 81559, [N/A]\nNo such thing\n";
  const apps =
    "GPU-a, 4242, 70000, /usr/bin/python3 -m x --key a,b\nGPU-a, 77, [N/A], [Not Found]\nGPU-c, 1, 2, x\n";
  expect(usesIn(gpus, apps)).toEqual([
    {
      uuid: "GPU-a",
      vram_bytes: 81_559 * MIB,
      memory_used_bytes: 74_210 * MIB,
      processes: [
        { pid: 4242, name: "python3", memory_bytes: 70_000 * MIB },
        { pid: 77, name: "", memory_bytes: 0 },
      ],
    },
    { uuid: "GPU-b", vram_bytes: 81_559 * MIB, memory_used_bytes: 0, processes: [] },
  ]);
});

test("without nvidia-smi there is no GPU; one that hangs is given up", async () => {
  expect(await nvidiaLook(null).look(AbortSignal.timeout(1))).toEqual([]);
  const gpus = new FakeGpus(["GPU-0"], 1024 * MIB);
  try {
    gpus.claim("GPU-0", process.pid, 300 * MIB);
    const [use] = await nvidiaLook(gpus.path).look(AbortSignal.timeout(10_000));
    expect(use).toMatchObject({ memory_used_bytes: 300 * MIB, processes: [{ pid: process.pid }] });
    gpus.hang();
    await expect(nvidiaLook(gpus.path).look(AbortSignal.timeout(200))).rejects.toThrow();
  } finally {
    gpus.end();
  }
});
