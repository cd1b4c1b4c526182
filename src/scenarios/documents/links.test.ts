import { expect, test } from "bun:test";
import { anchorsIn, linksIn } from "./links.ts";

test("links are those outside of code, but for the web and the appliance's own paths", () => {
  const page = [
    "[a](b.md#c), ![d](e.png), `[f](g.md)`, [h](https://example.org), [i](/api/openapi.json), [j](#k)",
    "```sh",
    "[l](m)",
    "```",
  ].join("\n");
  expect(linksIn(page)).toEqual(["b.md#c", "e.png", "#k"]);
});

test("headings are linked to as GitHub does", () => {
  const page = "# Air gap: a *site*\n```sh\n# no heading\n```\n## What's `x_y`, and 2?\n";
  expect([...anchorsIn(page)]).toEqual(["air-gap-a-site", "whats-x_y-and-2"]);
});
