/** For tests: the routes of the catalog over a hub on loopback and a fleet of paper, on which 200 slots are too many. */

import {
  ggufHeader,
  smallLlama,
  smallTensors,
} from "../../../../agent/contract/gguf/gguf.testbed.ts";
import { guard, httpWith } from "../../../app/access.testbed.ts";
import type { Http } from "../../../app/control-api.ts";
import { type TestHub, testHub } from "../../scheduler/sizing/hub.testbed.ts";
import { openDatabase } from "../../storage/database.ts";
import { createResolver } from "../resolution/resolve.ts";
import { catalogIn, newModel } from "./catalog.testbed.ts";
import type { Catalog } from "./catalog.ts";
import type { ModelStatus } from "./listing.ts";
import { type CatalogParts, catalogRoutes } from "./routes.ts";

export const demo = { name: "org/demo", source: "builtin:hypervize-demo" };
const gguf = ggufHeader(smallLlama, smallTensors);

export const catalogHub = (): TestHub =>
  testHub({
    "org/m-GGUF": { files: { "m-Q4_K_M.gguf": gguf, "m-Q8_0.gguf": gguf } },
    "org/two": { files: { "m-Q6_K.gguf": gguf, "m-Q8_0.gguf": gguf } },
    "org/gated": { files: { "g-Q4_K_M.gguf": gguf }, token: "hf_right" },
  });

export const downloading: ModelStatus = {
  status: "starting",
  phase: "downloading",
  ready_replicas: 0,
  starting_replicas: 2,
  progress: { downloaded_bytes: 2 ** 29, download_bytes: 2 ** 30, bytes_per_s: 2 ** 20, eta_s: 3 },
  cause: "",
  problem: null,
  placement: [],
};

export interface CatalogWorld {
  http: Http;
  catalog: Catalog;
}

/** Holds the demo model, and one that is not enabled and has a token. */
export function catalogWorld(
  hub: TestHub,
  changes: Partial<Omit<CatalogParts, "catalog">> = {},
): CatalogWorld {
  const catalog = catalogIn(openDatabase(":memory:"));
  catalog.create(newModel(demo));
  catalog.create(newModel({ ...demo, name: "off", enabled: false }, "hf_secret"));
  const never = { refused: "never", detail: "It is too large.", nearest: "Ask for less." } as const;
  const http = httpWith([
    catalogRoutes({
      catalog,
      guard,
      resolve: createResolver({ hub, readLocal: () => Promise.resolve(undefined) }),
      kinds: () => [{ kind: "cpu", memory_bytes: 2 ** 34, count: 1 }],
      dryRun: ({ concurrency }) => ({
        placement: null,
        would_stop: [],
        refused: concurrency < 200 ? null : never,
      }),
      worldOf: (request) => (guard(request, "viewer").role === "member" ? "inference" : "control"),
      usableBy: () => catalog.list().filter(({ enabled }) => enabled),
      statusOf: () => downloading,
      ...changes,
    }),
  ]);
  return { http, catalog };
}
