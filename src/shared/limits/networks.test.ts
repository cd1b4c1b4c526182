import { expect, test } from "bun:test";
import { checkedCidrs, withinNetworks } from "./networks.ts";

const cases: [network: string, inside: string[], outside: string[]][] = [
  [
    "10.0.0.0/8",
    ["10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3"],
    ["11.0.0.0", "::ffff:11.0.0.0"],
  ],
  ["10.1.2.3/8", ["10.200.0.1"], ["9.255.255.255"]],
  ["192.0.2.7", ["192.0.2.7", "::ffff:c000:207"], ["192.0.2.8", "::c000:207"]],
  ["0.0.0.0/0", ["1.2.3.4", "255.255.255.255"], ["::1", "2001:db8::1"]],
  ["2001:db8::/32", ["2001:db8::1", "2001:DB8:ffff::"], ["2001:db9::", "32.1.13.184"]],
  ["2001:db8::1", ["2001:db8:0:0:0:0:0:1"], ["2001:db8::2"]],
  ["::/0", ["::1", "fe80::1"], ["1.2.3.4", "::ffff:1.2.3.4"]],
];
for (const [network, inside, outside] of cases) {
  test(`${network} has ${inside.join(" and ")}, and not ${outside.join(" or ")}`, () => {
    const within = withinNetworks([network]);
    for (const address of inside) expect([address, within(address)]).toEqual([address, true]);
    for (const address of outside) expect([address, within(address)]).toEqual([address, false]);
  });
}

test("what is not an address is nowhere", () => {
  const within = withinNetworks(["0.0.0.0/0", "::/0"]);
  for (const text of ["unknown", "", "1.2.3", "1.2.3.4, 10.0.0.1"])
    expect(within(text)).toBe(false);
});

test("networks are kept as they were written, each once", () => {
  expect(checkedCidrs(null)).toBeNull();
  expect(checkedCidrs([" 10.0.0.0/8", "::1", "10.0.0.0/8"])).toEqual(["10.0.0.0/8", "::1"]);
});

const bad = [
  ...["10.0.0.0/33", "2001:db8::/129", "10.0.0/8", "10.0.0.0/", "10.0.0.0/-1", "300.1.1.1", "/8"],
  ...["::ffff:10.0.0.0/104", "example.org", "10.0.0.0/8 10.1.0.0/16", "fe80::1%eth0", ""],
];
test.each([[[]], ...bad.map((cidr) => [["10.0.0.0/8", cidr]])])("%p is refused", (cidrs) => {
  expect(() => checkedCidrs(cidrs)).toThrow(
    expect.objectContaining({ status: 400, param: "allowed_cidrs" }),
  );
});
