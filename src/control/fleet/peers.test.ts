import { expect, test } from "bun:test";
import { type Candidate, peersOf } from "./peers.ts";
import { hintsOf } from "./reachability.ts";

const host = (id: string, address: string, tunnel = false): Candidate => ({
  id,
  ways: hintsOf({ relay_port: 8444, tunnel, network: address }, address, "here"),
  pins: [`pin-${id}`],
});
const addresses = (mine: Candidate, all: Candidate[]) =>
  peersOf(mine, all).map(({ host_id, address }) => `${host_id} ${address}`);

const a = host("a", "10.0.0.1");
const b = host("b", "10.0.0.2");
const here = host("here", "here");
const beside = host("beside", "here");
const hidden = host("hidden", "10.0.0.3", true);
const forwarded = host("forwarded", "127.0.0.1");
const away: Candidate = { ...host("away", "10.0.0.4"), ways: null };
const all = [a, b, here, beside, hidden, forwarded, away];

test("hosts of a network give to each other, and to the appliance's own and hidden ones", () => {
  expect(addresses(a, all)).toEqual(["b 10.0.0.2"]);
  expect(addresses(hidden, all)).toEqual(["a 10.0.0.1", "b 10.0.0.2"]);
  expect(addresses(here, all)).toEqual(["a 10.0.0.1", "b 10.0.0.2", "beside 127.0.0.1"]);
});

test("all certificates that a host may show are sent", () => {
  const renewing = { ...b, pins: ["old", "new"] };
  expect(peersOf(a, [renewing])[0]?.certificate_sha256).toEqual(["old", "new"]);
});
