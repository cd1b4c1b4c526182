/** A separate process that adds notices to the outbox of a database file, and sends until it is killed. */
import { openWorld, up } from "./notify.testbed.ts";

const [file = "", count = "0"] = process.argv.slice(2);
const { database, outbox } = openWorld(file, Date.now);
database.transaction(() => {
  for (let number = 1; number <= Number(count); number++) {
    outbox.add({ ...up, endpoint: { ...up.endpoint, name: `number-${number}` } });
  }
});
outbox.start();
