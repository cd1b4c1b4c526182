/** The verbs as a person types them. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { eventually, Testbed } from "./appliance.testbed.ts";
import { ApplianceProcess } from "./appliance-process.ts";

const testbed = new Testbed();
let appliance: ApplianceProcess;

beforeAll(async () => {
  appliance = await ApplianceProcess.create(testbed);
}, 30_000);
afterAll(() => testbed.end(), 30_000);

const on = (...words: string[]) => testbed.run([...words, "--home", appliance.home]);

describe("help", () => {
  test.each([
    ["serve"],
    ["agent"],
    ["demo"],
    ["stop"],
    ["status"],
    ["keys"],
    ["users"],
    ["hosts"],
    ["models"],
    ["usage"],
    ["bundle"],
    ["doctor"],
  ])("hypervize %s --help explains itself", async (verb) => {
    const { code, out, err } = await testbed.run([verb, "--help"]);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toContain(`usage: hypervize ${verb}`);
  });

  test("hypervize --help lists the commands; without words it is a usage error", async () => {
    expect((await testbed.run(["--help"])).out).toContain("serve");
    expect((await testbed.run([])).code).toBe(2);
  });

  test("an unknown command, option and value are usage errors in one sentence", async () => {
    for (const words of [
      ["srve"],
      ["serve", "--prot", "1"],
      ["serve", "--port", "x"],
      ["serve", "8080"],
      ["agent", "hvj_token"],
      ["stop", "now"],
      ["teams", "list"],
      ["keys", "burn"],
      ["bundle", "export"],
      ["bundle", "export", "x"],
      ["bundle", "import", "x", "--trust", "nobody"],
      ["bundle", "steal", "x"],
      ["doctor", "now"],
      ["doctor", "--url", "nowhere"],
    ]) {
      const { code, out, err } = await testbed.run(words);
      expect([words, code, out]).toEqual([words, 2, ""]);
      expect(err.trim().split("\n")).toHaveLength(1);
    }
  });
});

describe("administration", () => {
  test("a key is created, listed and revoked", async () => {
    const created = await on("keys", "create", "--name", "ci", "--json");
    const { id, key } = JSON.parse(created.out);
    expect(key).toStartWith("hv_");
    const listed = await on("keys");
    expect(listed.out).toContain("ci");
    expect(listed.out).not.toContain(key);
    expect((await on("keys", "revoke", id)).out).toContain("is revoked");
  });

  test("a user is created and removed; a bad address is refused with a reason", async () => {
    const words = ["users", "create", "--email", "ada@example.org", "--password", "correct horse"];
    expect((await on(...words)).code).toBe(0);
    const { data } = JSON.parse((await on("users", "--json")).out);
    const { id } = data.find((user: { email: string }) => user.email === "ada@example.org");
    expect((await on("users", "remove", id)).code).toBe(0);
    const bad = await on("users", "create", "--email", "nonsense", "--password", "correct horse");
    expect(bad.code).toBe(1);
    expect(bad.err).toContain("not an e-mail address");
  });

  test("empty lists say so", async () => {
    expect((await on("hosts")).out.trim()).toBe("Nothing yet.");
    expect((await on("models")).out.trim()).toBe("Nothing yet.");
  });

  test("a join token is the line to run", async () => {
    expect((await on("hosts", "join-token")).out).toContain("hypervize agent --join hvj_");
  });

  test("status shows what is up", async () => {
    expect((await on("status")).out).toContain("Hypervize");
  });
});

describe("serve", () => {
  test("refuses a home that is served already", async () => {
    const { code, err } = await on("serve", "--port", "0", "--agent-port", "0");
    expect(code).toBe(1);
    expect(err).toContain("already serves");
  });

  test("refuses a port that is taken, and says which option to use", async () => {
    const words = ["serve", "--home", testbed.folder(), "--agent-port", "0", "--host", "127.0.0.1"];
    const { code, err } = await testbed.run([...words, "--port", String(appliance.port)]);
    expect(code).toBe(1);
    expect(err).toContain(`Port ${appliance.port} is in use`);
  });

  test("stop ends it, and a second stop has nothing to do", async () => {
    const { pid } = appliance;
    expect((await on("stop")).out).toContain(`Stopped the appliance (process ${pid})`);
    await eventually("it is gone", async () => (await on("stop")).out.includes("Nothing runs"));
    expect((await on("keys")).err).toContain("No appliance runs");
  });
});
