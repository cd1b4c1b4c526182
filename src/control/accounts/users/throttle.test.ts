import { expect, test } from "bun:test";
import { LoginThrottle } from "./throttle.ts";

const minute = 60_000;

test("the sixth failure of an e-mail within 15 minutes waits, from whatever address", () => {
  const throttle = new LoginThrottle();
  for (let i = 0; i < 5; i++) expect(throttle.attempt("a@x", `10.0.0.${i}`, i * minute)).toBe(0);
  expect(throttle.attempt("a@x", "10.0.0.9", 5 * minute)).toBe(600);
  expect(throttle.attempt("b@x", "10.0.0.9", 5 * minute)).toBe(0);
});

test("waiting is over when the oldest failure leaves the window, and trying early does not prolong it", () => {
  const throttle = new LoginThrottle();
  for (let i = 0; i < 5; i++) throttle.attempt("a@x", "10.0.0.1", i * minute);
  for (let i = 0; i < 50; i++) expect(throttle.attempt("a@x", "10.0.0.1", 14 * minute)).toBe(60);
  expect(throttle.attempt("a@x", "10.0.0.1", 15 * minute)).toBe(0);
  expect(throttle.attempt("a@x", "10.0.0.1", 15 * minute)).toBe(60);
});

test("the 21st failure of an address waits, whatever the e-mails", () => {
  const throttle = new LoginThrottle();
  for (let i = 0; i < 20; i++) expect(throttle.attempt(`${i}@x`, "10.0.0.1", 0)).toBe(0);
  expect(throttle.attempt("new@x", "10.0.0.1", 0)).toBe(900);
  expect(throttle.attempt("new@x", "10.0.0.2", 0)).toBe(0);
});

test("success clears the e-mail", () => {
  const throttle = new LoginThrottle();
  for (let i = 0; i < 5; i++) throttle.attempt("a@x", "10.0.0.1", 0);
  throttle.succeeded("a@x", "10.0.0.1", 0);
  for (let i = 0; i < 5; i++) expect(throttle.attempt("a@x", "10.0.0.2", 0)).toBe(0);
});

test("logging in to one's own account does not buy more guesses at others", () => {
  const throttle = new LoginThrottle();
  let guesses = 0;
  for (let i = 0; i < 100; i++) {
    if (throttle.attempt(`victim${i}@x`, "10.0.0.1", 0) === 0) guesses++;
    if (throttle.attempt("me@x", "10.0.0.1", 0) === 0) throttle.succeeded("me@x", "10.0.0.1", 0);
  }
  expect(guesses).toBe(20);
});

test("above 10,000 e-mails and addresses those that failed longest ago are forgotten, and no others", () => {
  const throttle = new LoginThrottle();
  for (const email of ["old@x", "new@x"]) {
    for (let i = 0; i < 5; i++) expect(throttle.attempt(email, `${email} ${i}`, 0)).toBe(0);
  }
  // With the addresses these are 12; 9,994 more leave room for all but the six of the first.
  for (let i = 0; i < 9994; i += 2) throttle.attempt(`${i}@x`, `address ${i}`, 0);
  expect(throttle.attempt("new@x", "elsewhere", 0)).toBe(900);
  expect(throttle.attempt("old@x", "elsewhere", 0)).toBe(0);
});
