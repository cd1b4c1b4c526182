import { expect, test } from "bun:test";
import { isSameDisk } from "./fleet-watch.ts";

const gib = 2 ** 30;
const ours = { path: "/data", bytes: 100 * gib, free_bytes: gib };

test("a host's disk stands for the appliance's own only when it is as large and as full", () => {
  const theirs = { ...ours, path: "the agent's data folder" };
  expect(isSameDisk(theirs, ours)).toBe(true);
  expect(isSameDisk({ ...theirs, free_bytes: 60 * gib }, ours)).toBe(false);
  expect(isSameDisk({ ...theirs, bytes: 200 * gib }, ours)).toBe(false);
  expect(isSameDisk(null, ours)).toBe(false);
});
