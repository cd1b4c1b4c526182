import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { type AgentHome, agentHome, demoReplica } from "../agent.testbed.ts";

// Two busy cores can make a llama-server take seconds to start.
setDefaultTimeout(30_000);

let home: AgentHome;
beforeEach(async () => {
  home = await agentHome();
});
afterEach(() => home.close());

test("a runtime's words reach who follows its log from before its start to its end", async () => {
  const { testbed } = home;
  home.open();
  await testbed.until(({ replicas }) => replicas.length === 0);
  testbed.desire({ generation: 1, replicas: [demoReplica({ args: ["--repeat-last-n", "-1"] })] });
  testbed.command({ follow: { id: "flw_a", replica_id: "rep_demo", tail_lines: 100 } });
  testbed.command({ follow: { id: "flw_b", replica_id: "rep_other", tail_lines: 100 } });
  const of = (id: string) => testbed.logs.filter(({ follow_id }) => follow_id === id);
  const words = () => of("flw_a").flatMap(({ lines }) => lines);
  await testbed.when(() => words().some((line) => line.includes("--repeat-last-n")));
  expect(of("flw_a").some(({ ended }) => ended)).toBe(false);
  testbed.desire({ generation: 2, replicas: [] });
  await testbed.when(() => of("flw_a").at(-1)?.ended === true);
  expect(of("flw_b")).toEqual([{ follow_id: "flw_b", lines: [], dropped: 0, ended: true }]);
});
