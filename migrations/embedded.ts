/** Every migration, in order, as text inside the binary. A test compares this list with the folder. */
import spine from "./0000_spine.sql" with { type: "text" };
import dedicated from "./0001_dedicated.sql" with { type: "text" };
import gateway from "./0002_gateway.sql" with { type: "text" };
import hosts from "./0003_hosts.sql" with { type: "text" };
import elastic_hub from "./0004_elastic_hub.sql" with { type: "text" };
import sleep from "./0005_sleep.sql" with { type: "text" };
import removed_hosts from "./0006_removed_hosts.sql" with { type: "text" };

export const migrations: readonly string[] = [
  spine,
  dedicated,
  gateway,
  hosts,
  elastic_hub,
  sleep,
  removed_hosts,
];
