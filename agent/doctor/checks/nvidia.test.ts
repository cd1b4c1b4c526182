/** Judges of the NVIDIA checks, on what the programs print. */
import { describe, expect, test } from "bun:test";
import type { Ran } from "../host.ts";
import { isOlder, judgeToolkit, toolkitVersion } from "./container-toolkit.ts";
import { type DriverSigns, judgeDriver, moduleVersion } from "./nvidia-driver.ts";
import { judgePersistence } from "./persistence.ts";

const ran = (output: string, code = 0): Ran => ({ code, output });
const proc = `NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.127.05  Tue Oct  8 03:22:07 UTC 2024
GCC version:  gcc version 12.3.0 (Ubuntu 12.3.0-1ubuntu1~22.04)
`;
const open_proc =
  "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build  (dvs-builder)\n";
const table = (driver: string, cuda: string) => `Tue Nov 24 00:00:00 2026
+-----------------------------------------------------------------------------------------+
| NVIDIA-SMI ${driver}             Driver Version: ${driver}     CUDA Version: ${cuda}     |
|-----------------------------------------+------------------------+----------------------+
`;

test("the version of the loaded module is read from both kinds of it", () => {
  expect(moduleVersion(proc)).toBe("550.127.05");
  expect(moduleVersion(open_proc)).toBe("580.65.06");
  expect(moduleVersion("")).toBeUndefined();
});

describe("the driver", () => {
  const good: DriverSigns = {
    smi: ran(table("550.127.05", "12.4")),
    module: "550.127.05",
    gpus: 8,
  };
  const mismatch =
    "Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 560.35\n";
  const no_module =
    "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.\n";

  test.each<[string, Partial<DriverSigns>, string, string]>([
    ["that works", {}, "ok", "Driver 550.127.05, for CUDA up to 12.4, 8 GPU(s)."],
    ["that is missing without a GPU", { smi: undefined, gpus: 0 }, "ok", "No NVIDIA GPU"],
    ["that is missing with GPUs", { smi: undefined, module: undefined }, "fail", "and no driver"],
    ["whose tools are missing", { smi: undefined }, "unknown", "there is no nvidia-smi"],
    [
      "of another version",
      { smi: ran(mismatch, 18) },
      "fail",
      "560.35, and the loaded kernel module is 550.127.05",
    ],
    ["that is not loaded", { smi: ran(no_module, 9) }, "fail", "not loaded"],
    ["that sees nothing", { smi: ran("No devices were found\n", 6) }, "fail", "finds no GPU"],
    ["that hangs", { smi: ran("", -1) }, "fail", "did not answer"],
    [
      "with other trouble",
      { smi: ran("Unable to determine the device handle\n", 15) },
      "fail",
      "Unable to determine",
    ],
    ["that is old", { smi: ran(table("470.256.02", "11.4")) }, "warn", "CUDA up to 11.4"],
  ])("%s", (_, signs, state, detail) => {
    const judged = judgeDriver({ ...good, ...signs });
    expect([judged.state as string, judged.detail]).toEqual([
      state,
      expect.stringContaining(detail),
    ]);
    expect(judged.advice === "").toBe(state === "ok");
  });
});

test.each<[string | undefined, number, string]>([
  [undefined, 0, "ok"],
  ["Enabled\nEnabled\n", 0, "ok"],
  ["Enabled\nDisabled\n", 0, "warn"],
  ["No devices were found\n", 6, "unknown"],
  ["", -1, "unknown"],
])("persistence mode %j with code %d is %s", (output, code, state) => {
  expect(
    judgePersistence(output === undefined ? undefined : ran(output, code)).state as string,
  ).toBe(state);
});

describe("the container toolkit", () => {
  const signs = { has_engine: true, has_gpu: true, cdi: ["nvidia.yaml"] };
  const of = (version: string) =>
    ran(
      `NVIDIA Container Toolkit CLI version ${version}\ncommit: f202b80a9b9d0db00d9b1d73c0128c8962c55f4d\n`,
    );
  const all = [
    "CVE-2024-0132",
    "CVE-2025-23359",
    "CVE-2025-23266",
    "CVE-2025-23267",
    "CVE-2026-24260",
  ];

  test.each([
    ["1.16.1", 0],
    ["1.16.2", 1],
    ["1.17.3", 1],
    ["1.17.4", 2],
    ["1.17.7", 2],
    ["1.17.8", 4],
    ["1.17.8-rc.1", 2],
    ["1.19.0", 4],
    ["1.19.1", 5],
    ["1.20.1", 5],
    ["1.9.0", 0],
  ])("%s lacks the first %d fixes of the list", (version, fixed) => {
    const judged = judgeToolkit({ ...signs, ctk: of(version) });
    const open = all.slice(fixed);
    expect(judged.state as string).toBe(open.length > 0 ? "fail" : "ok");
    expect(all.filter((cve) => judged.detail.includes(cve))).toEqual(open);
  });

  test("matters only where containers and GPUs are", () => {
    expect(judgeToolkit({ ...signs, ctk: undefined, has_gpu: false }).state).toBe("ok");
    expect(judgeToolkit({ ...signs, ctk: undefined, has_engine: false }).state).toBe("ok");
    expect(judgeToolkit({ ...signs, ctk: undefined }).state).toBe("warn");
    expect(judgeToolkit({ ...signs, ctk: of("1.19.1"), cdi: [] }).advice).toContain("cdi generate");
    expect(judgeToolkit({ ...signs, ctk: ran("") }).state).toBe("unknown");
  });

  test("versions are compared by their numbers", () => {
    expect(toolkitVersion("NVIDIA Container Toolkit CLI version 1.18.0-rc.2")).toBe("1.18.0-rc.2");
    expect(isOlder("1.9.9", "1.10.0")).toBe(true);
    expect(isOlder("1.17.8", "1.17.8")).toBe(false);
    expect(isOlder("1.17.8~rc.1", "1.17.8")).toBe(true);
  });
});
