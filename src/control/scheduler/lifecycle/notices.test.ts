import { expect, test } from "bun:test";
import type { Transition } from "../../models/endpoints/status.ts";
import type { Decision } from "./dedicated/situation.ts";
import { endpointWith } from "./lifecycle.testbed.ts";
import { noticesOf } from "./notices.ts";

const endpoint = endpointWith();

function told(
  transition: Partial<Transition> | null,
  standing = endpoint.standing as Decision["standing"],
) {
  const full = transition && { at: 5, from: "up", to: "up", reason: "", detail: "", ...transition };
  const decision: Decision = {
    endpoint_id: "endpt-1",
    standing,
    transition: full as Transition | null,
    wake: null,
    previous: "keep",
    start: 0,
    stop: [],
    sleep: [],
    wake_up: [],
  };
  return noticesOf([decision], () => endpoint, 9).map(({ kind, at }) => [kind, at]);
}

test("the ends of a build, an update and a life are reported", () => {
  expect(told({ from: "building", to: "up", reason: "ready" })).toEqual([["endpoint_up", 5]]);
  expect(told({ from: "updating", to: "up", reason: "updated" })).toEqual([["endpoint_up", 5]]);
  expect(told({ from: "updating", to: "up", reason: "update_failed" })).toEqual([
    ["update_failed", 5],
  ]);
  expect(told({ from: "waking_up", to: "failed" })).toEqual([["endpoint_failed", 5]]);
  expect(told(null, null)).toEqual([["endpoint_deleted", 9]]);
});

test("sleeping, waking and pausing are not", () => {
  expect(told({ from: "up", to: "sleeping", reason: "idle" })).toEqual([]);
  expect(told({ from: "waking_up", to: "up", reason: "ready" })).toEqual([]);
  expect(told({ from: "draining", to: "paused" })).toEqual([]);
  expect(told(null)).toEqual([]);
});
