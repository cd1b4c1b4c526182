import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { loadDashboard } from "../dashboard.ts";
import { loadDocs } from "./docs.ts";
import { htmlOf, targetOf } from "./markdown.ts";

const texts = {
  start: "# Start\n\n[hosts](hosts.md#join--leave) and [home](/)\n",
  hosts: "# Hosts & *GPUs*\n\n## Join & leave\n",
  extra: "# More\n",
};
const docs = await loadDocs({ apiFor: () => null, texts });
const real = await loadDocs({ apiFor: () => null });

function get(path: string, headers: Record<string, string> = {}, of = docs): Response | null {
  return of(
    new Request(`http://localhost${path}`, { headers: { accept: "text/html", ...headers } }),
  );
}
const textOf = async (path: string, of = docs) => (await get(path, {}, of)?.text()) ?? "";

test("every page of docs/ is served, under its name, with its heading as its title", async () => {
  const files = readdirSync(join(import.meta.dir, "../../../docs")).filter((f) =>
    f.endsWith(".md"),
  );
  expect(files.length).toBeGreaterThan(0);
  for (const file of files) {
    const page = await textOf(`/docs/${file.slice(0, -3)}`, real);
    expect([file, page]).toEqual([file, expect.stringContaining('aria-current="page"')]);
    expect([file, page]).toEqual([file, expect.stringMatching(/<h1 id="[^"]*">/)]);
    expect(page).not.toContain("%content%");
  }
});

test("every link between pages leads to a page and a heading that are there", async () => {
  const start = await textOf("/docs", real);
  const pages = [...start.matchAll(/href="(\/docs\/[\w-]+)"/g)].map(([, path = ""]) => path);
  expect(pages.length).toBeGreaterThan(1);
  for (const path of pages) {
    const page = await textOf(path, real);
    for (const [, to = "", heading] of page.matchAll(/href="(\/docs[^"#]*)?(?:#([^"]+))?"/g)) {
      if (to === "" && heading === undefined) continue;
      const there = to === "" ? page : await textOf(to, real);
      expect([path, to, there === ""]).toEqual([path, to, false]);
      if (heading !== undefined && heading !== "content")
        expect([path, to, there]).toEqual([path, to, expect.stringContaining(`id="${heading}"`)]);
    }
  }
});

test("pages stand in the order of reading, others after, and the API's page is always there", async () => {
  const names = [...(await textOf("/docs")).matchAll(/href="\/docs\/([\w-]+)"/g)].map(([, n]) => n);
  expect(names).toEqual(["start", "hosts", "api", "extra"]);
  expect(await textOf("/docs/hosts")).toContain("<title>Hosts &amp; GPUs · Hypervize</title>");
});

test("/docs is the first page, with and without a slash", async () => {
  expect(await textOf("/docs/")).toBe(await textOf("/docs/start"));
  expect(await textOf("/docs")).toBe(await textOf("/docs/start"));
});

test("raw HTML is shown as text, and no link runs anything or leaves the site unseen", () => {
  const html = htmlOf(
    [
      "<script>alert(1)</script>",
      'a <img src=x onerror="alert(1)"> b <b>c</b> &lt;i&gt;',
      "[a](javascript:alert(1)) [b](JaVaScRiPt:alert(1)) [c](data:text/html,x) [d](//elsewhere) [e](/\\\\elsewhere)",
      '[f](<"onclick=alert(1)>) ![a picture](https://elsewhere/x.png)',
      "```html\n<script>alert(2)</script>\n```",
      "[x]: javascript:alert(1)\n\n[g][x] <javascript:alert(1)>",
    ].join("\n\n"),
    new Set(),
  );
  expect(html).not.toMatch(
    /<(?:script|img|b|i)\b|<[a-z]+[^>]*\son\w+=|href="(?!https?:\/\/|\/[^/\\])/i,
  );
  expect(html).toContain("&lt;script&gt;alert(2)&lt;/script&gt;");
  expect(html).toContain("a picture");
});

test.each([
  ["hosts.md", "/docs/hosts"],
  ["./hosts.md#join--leave", "/docs/hosts#join-leave"],
  ["#here", "#here"],
  ["/keys", "/keys"],
  ["https://example.org/a?b#c", "https://example.org/a?b#c"],
  ["nowhere.md", null],
  ["../README.md", null],
  ["..\\x", null],
  ["vbscript:x", null],
  ["", null],
])("a link to %p leads to %p", (href, to) => {
  expect(targetOf(href, new Set(["hosts"]))).toBe(to);
});

test("the policy is the dashboard's, and what is put into the page does not widen it", async () => {
  const dashboard = (await loadDashboard())(new Request("http://localhost/"));
  const policy = dashboard?.headers.get("content-security-policy");
  for (const path of ["/docs", "/docs/api", "/docs/nowhere"]) {
    expect([path, get(path)?.headers.get("content-security-policy")]).toEqual([path, policy ?? ""]);
  }
  expect(policy).not.toContain("unsafe");
  const page = await textOf("/docs");
  expect([...page.matchAll(/<script/g)].length).toBe(1);
  expect(page).not.toMatch(/ style="|<style/);
});

test("its style is there under a name with a hash, for light and dark", async () => {
  const [, style = ""] = /rel="stylesheet"[^>]*href="([^"]+)"/.exec(await textOf("/docs")) ?? [];
  const css = (await get(style)?.text()) ?? "";
  expect(get(style)?.headers.get("cache-control")).toContain("immutable");
  expect(css).toContain("color-scheme:light dark");
  expect(css).toContain(".docs");
});

test("what is not there is a page that says so, for a program the API's 404; other paths are others'", () => {
  expect(get("/docs/nowhere")?.status).toBe(404);
  expect(get("/docs/a/b")?.status).toBe(404);
  expect(get("/docs/nowhere", { accept: "*/*" })).toBeNull();
  for (const path of ["/", "/docsx", "/keys", "/api/openapi.json"]) expect(get(path)).toBeNull();
  const post = new Request("http://localhost/docs", { method: "POST" });
  expect(docs(post)).toBeNull();
});

test("a page that has not changed costs nothing", () => {
  const etag = get("/docs")?.headers.get("etag") ?? "";
  expect(get("/docs", { "if-none-match": etag })?.status).toBe(304);
  expect(get("/docs/hosts", { "if-none-match": etag })?.status).toBe(200);
});
