import { expect, test } from "bun:test";
import { valuesOf } from "./values.ts";

const fields = [
  { name: "enabled", kind: "flag" },
  { name: "port", kind: "number" },
  { name: "to", kind: "lines" },
  { name: "password", kind: "secret" },
  { name: "host", kind: "text" },
];

test("each kind becomes what the settings want", () => {
  const form = new FormData();
  form.set("enabled", "on");
  form.set("port", "587");
  form.set("to", "a@example.org\n b@example.org,\n");
  form.set("password", "secret");
  form.set("host", " mail.example.org ");
  expect(valuesOf(form, fields)).toEqual({
    enabled: true,
    port: 587,
    password: "secret",
    host: "mail.example.org",
    to: ["a@example.org", "b@example.org"],
  });
});

test("a secret that was not typed stays, and a box that is not ticked is off", () => {
  const values = valuesOf(new FormData(), fields);
  expect(values).not.toHaveProperty("password");
  expect(values["enabled"]).toBe(false);
});
