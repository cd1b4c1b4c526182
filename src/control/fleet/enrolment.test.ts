import { afterAll, beforeAll, expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { control_plane_name } from "../../../agent/contract/protocol/messages.ts";
import { loadAuthority } from "./authority.ts";
import { type ControlPlane, enrol, FleetWorld, newSecret } from "./fleet.testbed.ts";
import { newRequest } from "./signing.testbed.ts";

const world = new FleetWorld();
let plane: ControlPlane;

beforeAll(async () => {
  plane = await world.start();
});
afterAll(() => {
  plane.server.stop();
  world.end();
});

const words = (error: { details: string }): string => error.details;

test("a token makes one host, with an identity that we chose", async () => {
  const member = await enrol(plane, newSecret(plane));
  const certificate = new X509Certificate(member.certificate_pem);
  expect(certificate.subject).toBe(`CN=${member.host_id}`);
  expect(certificate.subjectAltName).not.toContain(control_plane_name);
  expect(certificate.verify(new X509Certificate(plane.authority.ca_pem).publicKey)).toBe(true);
  expect(plane.hosts.find(member.host_id).name).toBe("gpu-1");
});

test("a token is good once", async () => {
  const secret = newSecret(plane);
  await enrol(plane, secret);
  expect(await enrol(plane, secret).catch(words)).toContain("was used already");
});

test("of two agents with one token, one joins", async () => {
  const before = plane.hosts.list().length;
  const secret = newSecret(plane);
  const both = await Promise.allSettled([enrol(plane, secret), enrol(plane, secret)]);
  expect(both.map((one) => one.status).toSorted()).toEqual(["fulfilled", "rejected"]);
  expect(plane.hosts.list()).toHaveLength(before + 1);
});

test("an expired token and an unknown one are refused, each in its own words", async () => {
  const secret = newSecret(plane, 60);
  world.now_ms += 61_000;
  expect(await enrol(plane, secret).catch(words)).toContain("has expired");
  world.now_ms -= 61_000;
  expect(await enrol(plane, "x".repeat(43)).catch(words)).toContain("is not known here");
});

test("a request that makes no sense leaves the token unused", async () => {
  const secret = newSecret(plane);
  const request = { secret, host_name: "x", csr_pem: "nonsense" };
  await expect(plane.enrolment.redeem(request)).rejects.toThrow("cannot be read");
  const { csr_pem } = await newRequest("P-384");
  await expect(plane.enrolment.redeem({ ...request, csr_pem })).rejects.toThrow("P-256");
  expect((await enrol(plane, secret)).host_id).toStartWith("host_");
});

test("the CA's files are for their owner only, and a damaged one is refused", async () => {
  const file = join(world.home, "ca", "authority.pem");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const other = new FleetWorld();
  await loadAuthority(other.home, Date.now());
  writeFileSync(join(other.home, "ca", "authority.pem"), "damaged");
  await expect(loadAuthority(other.home, Date.now())).rejects.toThrow("is damaged. Restore it");
  other.end();
});

test("the server's certificate is kept, and made again before it expires", async () => {
  const { server: first, ...ends } = await loadAuthority(world.home, world.now_ms);
  const daysTo = (end: number) => Math.round((end - world.now_ms) / 86_400_000);
  expect([daysTo(ends.server_expires_at), daysTo(ends.ca_expires_at)]).toEqual([365, 3650]);
  expect((await loadAuthority(world.home, world.now_ms)).server).toEqual(first);
  const later = await loadAuthority(world.home, world.now_ms + 300 * 86_400_000);
  expect(later.server.certificate_pem).not.toBe(first.certificate_pem);
});
