import type { endpoints } from "./table.ts";

/** Everything but the sealed token. Frozen: a change makes a new one. */
export type Endpoint = Readonly<Omit<EndpointRow, "hf_token_sealed">>;

export type EndpointRow = typeof endpoints.$inferSelect;
