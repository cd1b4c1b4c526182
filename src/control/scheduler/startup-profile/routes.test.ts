import { guard, httpWith, play } from "../../../app/access.testbed.ts";
import { openDatabase } from "../../storage/database.ts";
import { ledgerRoutes } from "./routes.ts";
import { Ledger } from "./startup-profile.ts";
import { measured_starts } from "./table.ts";

const list = { method: "GET", path: "/api/ledger" };
const status = { guest: 401, viewer: 403, member: 403, admin: 200 };

function world() {
  const database = openDatabase(":memory:");
  database
    .insert(measured_starts)
    .values({
      source: "hf:org/secret",
      revision: "",
      runtime: "vllm",
      runtime_version: "0.11.2",
      context_tokens: 8192,
      slots: 4,
      gpu: "NVIDIA L4",
      gpus: 1,
      settings: "",
      gpu_bytes: 7,
      memory_bytes: 8,
      count: 1,
      last_at: 9,
      starts: [{ id: "rep_1:1:9", at: 9, ready_after_ms: 48_000 }],
      wakes: [],
    })
    .run();
  return httpWith([ledgerRoutes(new Ledger(database), guard)]);
}

play(world, [
  {
    ...list,
    name: "list what starts took",
    status,
    shows: ['"source":"hf:org/secret"', '"start_p50_ms":48000', '"gpu_bytes":7'],
    hides: ["rep_1"],
    hidesFrom: { viewer: ["org/secret"], member: ["org/secret"] },
  },
]);
play(
  () => httpWith([ledgerRoutes(new Ledger(openDatabase(":memory:")), guard)]),
  [{ ...list, name: "list no start", status, shows: ['{"data":[]}'] }],
);
