import { expect, test } from "bun:test";
import { paths } from "../../ui/route.ts";
import { loadDashboard } from "./dashboard.ts";

const dashboard = await loadDashboard();

function get(path: string, headers: Record<string, string> = {}, method = "GET"): Response | null {
  return dashboard(new Request(`http://localhost${path}`, { method, headers }));
}

async function page(): Promise<string> {
  return (await get("/")?.text()) ?? "";
}

const assets = [...(await page()).matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path = ""]) => path);

test("every page of the dashboard has a deep link to the same document", async () => {
  const html = await page();
  expect(html).toStartWith("<!doctype html>");
  for (const path of [...paths, "/keys/", "/playground?model=a"]) {
    expect(await get(path)?.text()).toBe(html);
  }
});

test("the page names its script, style and icon from the root, so that deep links find them", () => {
  expect(assets.map((path) => /^\/[\w-]+\.(\w+)$/.exec(path)?.[1]).toSorted()).toEqual([
    "css",
    "js",
    "svg",
  ]);
});

test("assets never change under their name and may be kept for good", async () => {
  for (const path of assets) {
    const response = get(path);
    expect(response?.status).toBe(200);
    expect(response?.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(response?.headers.get("x-content-type-options")).toBe("nosniff");
    expect((await response?.bytes())?.length).toBeGreaterThan(100);
  }
});

test("the page itself is asked for again each time, and costs nothing when it has not changed", async () => {
  const first = get("/");
  expect(first?.headers.get("cache-control")).toBe("no-cache");
  const again = get("/keys", { "if-none-match": first?.headers.get("etag") ?? "" });
  expect(again?.status).toBe(304);
  expect(await again?.text()).toBe("");
});

test("who takes gzip gets gzip, with the same content", async () => {
  for (const path of ["/", ...assets]) {
    const zipped = get(path, { "accept-encoding": "br, gzip" });
    expect(zipped?.headers.get("content-encoding")).toBe("gzip");
    const plain = await get(path)?.bytes();
    expect(Bun.gunzipSync((await zipped?.bytes()) ?? new Uint8Array())).toEqual(
      plain as Uint8Array<ArrayBuffer>,
    );
  }
});

test("the first script is under 100 kB, and plots come after it", async () => {
  const script = await get(assets.find((path) => path.endsWith(".js")) ?? "")?.text();
  expect(script?.length).toBeLessThan(100_000);
  expect(script).not.toContain("u-cursor-x");
});

test("nothing from elsewhere may run, load or frame, and no style inline", () => {
  const policy = get("/")?.headers.get("content-security-policy") ?? "";
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toContain("unsafe");
  expect(policy).not.toMatch(/https?:|\*/);
});

test("the policy allows the one inline script by its hash", async () => {
  const [, script = ""] = /<script>([\s\S]*?)<\/script>/.exec(await page()) ?? [];
  expect(script).toContain("color-scheme");
  const hash = new Bun.CryptoHasher("sha256").update(script).digest("base64");
  expect(get("/")?.headers.get("content-security-policy")).toContain(
    `script-src 'self' 'sha256-${hash}'`,
  );
});

test("what is not there is left to the API's 404, for a browser as a page with that status", () => {
  for (const path of [
    "/nope.js",
    "/nowhere",
    "/keys/1",
    "/chunk-00000000.js",
    "/..%2f..%2fetc/passwd",
  ]) {
    expect([path, get(path)]).toEqual([path, null]);
    expect(get(path, { accept: "text/html,*/*" })?.status).toBe(404);
  }
});

test("the API's own paths are never answered with the page", () => {
  for (const path of ["/api", "/api/nope", "/v1/models", "/metrics"]) {
    expect([path, get(path, { accept: "text/html" })]).toEqual([path, null]);
  }
});

test("only reading is answered", () => {
  expect(get("/", {}, "HEAD")?.status).toBe(200);
  for (const method of ["POST", "PUT", "DELETE"]) expect(get("/", {}, method)).toBeNull();
});
