import { guard, httpWith, play } from "../../../app/access.testbed.ts";
import { openDatabase } from "../../storage/database.ts";
import { hostOf, sampleOf, thresholds } from "./alerts.testbed.ts";
import { Alerts } from "./alerts.ts";
import { alertRoutes } from "./routes.ts";

const world = (uncorrected: number) => () => {
  const parts = { thresholds: () => thresholds, tell: () => undefined, changed: () => undefined };
  const alerts = new Alerts(openDatabase(":memory:"), parts, 0);
  const samples = [sampleOf(0, { ecc_uncorrected: uncorrected }), sampleOf(1)];
  alerts.observe([hostOf({ samples })], 5);
  return httpWith([alertRoutes(alerts, guard)]);
};
const list = {
  method: "GET",
  path: "/api/alerts",
  status: { guest: 401, viewer: 200, member: 200, admin: 200 },
};

play(world(2), [
  {
    ...list,
    name: "list open alerts",
    shows: [
      '"kind":"gpu_ecc"',
      '"name":"gpu-1"',
      '"raised_at":5',
      '"title":"GPU 0 has memory errors"',
    ],
    hides: ['"key"', '"notified"'],
  },
]);
play(world(0), [{ ...list, name: "list no alert", shows: ['{"data":[]}'] }]);
