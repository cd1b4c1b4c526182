/** The dashboard in real Chromium, over the whole appliance. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { Testbed } from "./appliance.testbed.ts";
import { ApplianceProcess } from "./appliance-process.ts";
import { chat } from "./chat.ts";

const executablePath = ["/usr/bin/chromium", "/usr/bin/google-chrome"].find((path) =>
  existsSync(path),
);
const testbed = new Testbed();
let appliance: ApplianceProcess;
let browser: Browser;
let page: Page;
/** All that the browser took for an error, in the whole run. */
const complaints: string[] = [];
/** What the tests provoke; the browser logs each such answer. */
const expected: Readonly<Record<string, string>> = {
  "/api/auth/me": "401",
  "/api/auth/login": "401",
  "/api/settings": "400",
};
const paths = [
  "/",
  "/playground",
  "/models",
  "/endpoints",
  "/keys",
  "/usage",
  "/routing",
  "/hosts",
  "/users",
  "/settings",
];

beforeAll(async () => {
  if (!executablePath) throw new Error("No Chromium. Run `sh .ci/prepare.sh`.");
  appliance = await ApplianceProcess.create(testbed);
  await appliance.addAgent();
  await appliance.addDemoModel();
  await appliance.ready();
  browser = await chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  page = await browser.newPage();
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() !== "error") return;
    const { url } = message.location();
    const status = expected[URL.parse(url)?.pathname ?? ""];
    if (status && message.text().includes(`status of ${status}`)) return;
    complaints.push(`${url}: ${message.text()}`);
  });
}, 90_000);
afterAll(async () => {
  await browser?.close();
  await testbed.end();
}, 30_000);

/** What the first start left for the first admin. */
async function login(): Promise<{ email: string; password: string }> {
  return Bun.file(join(appliance.home, "first-login.json")).json();
}

const visible = (text: string | RegExp) => page.getByText(text).first().waitFor();

test("a guest is sent to the login, and a wrong password is said so", async () => {
  await page.goto(`${appliance.url}/keys`);
  await page.getByLabel("E-mail").fill((await login()).email);
  await page.getByLabel("Password").fill("not the password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await visible("E-mail or password is wrong.");
}, 30_000);

test("the right password leads to the page that was asked for", async () => {
  await page.getByLabel("Password").fill((await login()).password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Keys", exact: true }).waitFor();
  expect(new URL(page.url()).pathname).toBe("/keys");
}, 30_000);

let key = "";

test("a key is created, shown once, and works", async () => {
  await page.getByRole("button", { name: "Create key" }).click();
  await page.getByLabel("Name").fill("from the browser");
  await page.getByRole("dialog").getByRole("button", { name: "Create key" }).click();
  const dialog = page.getByRole("dialog");
  await dialog
    .getByText(/hv_[0-9A-Za-z]{49}/)
    .first()
    .waitFor();
  key = /hv_[0-9A-Za-z]{49}/.exec((await dialog.textContent()) ?? "")?.[0] ?? "";
  expect((await chat(appliance.url, key, "Hello")).status).toBe(200);
  await page.keyboard.press("Escape");
  // Closed is not yet gone: the page takes it out a moment later.
  await page.locator("dialog").waitFor({ state: "detached" });
  await visible("from the browser");
  expect(await page.content()).not.toContain(key);
}, 30_000);

test("the playground streams an answer of the real model", async () => {
  await page.goto(`${appliance.url}/playground`);
  await page.getByLabel("Message").fill("What is the capital of France?");
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByRole("log").getByText("The capital of France is Paris.").waitFor();
}, 30_000);

test("an endpoint is made from the form, which says before where it would go", async () => {
  await page.goto(`${appliance.url}/endpoints`);
  await visible("There is no endpoint yet");
  await page.getByRole("button", { name: "New endpoint" }).click();
  await page.getByLabel("Model", { exact: true }).fill("builtin:hypervize-demo");
  await page.getByLabel("Name", { exact: true }).fill("from-the-form");
  await page.getByText(/It gets the processors of host/).waitFor();
  await page.getByRole("button", { name: "Create endpoint" }).click();
  await page.getByRole("heading", { name: "from-the-form" }).waitFor();
  await page.getByText("UP", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Sleep now" }).click();
  await page.getByText("SLEEPING", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Delete endpoint" }).click();
  await visible("There is no endpoint yet");
}, 30_000);

test("a shared model is added from the form, changed, stopped and removed", async () => {
  await page.goto(`${appliance.url}/models`);
  await page.getByRole("button", { name: "Add model" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Model", { exact: true }).fill("builtin:hypervize-demo");
  await dialog.getByLabel("Name", { exact: true }).fill("from-the-form");
  await dialog.getByText(/It gets the processors of host/).waitFor();
  await dialog.getByRole("button", { name: "Add model" }).click();
  const row = page.getByRole("listitem").filter({ hasText: "from-the-form" });
  await row.getByText("1 ready").waitFor();
  await row.getByRole("button", { name: "Change" }).click();
  await dialog.getByLabel("Requests at once").fill("2");
  await dialog.getByRole("button", { name: "Save" }).click();
  await row.getByText("2 at once").waitFor();
  await row.getByRole("button", { name: "Disable" }).click();
  await row.getByText("Disabled").waitFor();
  await row.getByRole("button", { name: "Remove" }).click();
  await page.getByRole("button", { name: "Remove model" }).click();
  await row.waitFor({ state: "detached" });
}, 30_000);

test("settings are saved, and a wrong one is refused with a reason", async () => {
  await page.goto(`${appliance.url}/settings`);
  const webhook = page.getByRole("region", { name: "Webhook" });
  await webhook.getByLabel("URL").fill("ftp://example.org");
  await webhook.getByRole("button", { name: "Save" }).click();
  await webhook.getByRole("alert").waitFor();
  await webhook.getByLabel("URL").fill("https://example.org/hook");
  await webhook.getByRole("button", { name: "Save" }).click();
  await webhook.getByText("Saved.").waitFor();
}, 30_000);

test("the overview shows host, model and requests", async () => {
  await page.getByRole("link", { name: "Overview" }).click();
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await visible("1 ready");
  await visible("Requests per minute");
}, 30_000);

test("usage lists both requests, by key and by session", async () => {
  await page.getByRole("link", { name: "Usage" }).click();
  const rows = page.getByRole("table").last().getByRole("row");
  await rows
    .filter({ hasText: key.slice(0, 10) })
    .first()
    .waitFor();
  expect(await rows.count()).toBeGreaterThanOrEqual(3);
}, 30_000);

test("a key is revoked after a question, and fails from then on", async () => {
  await page.getByRole("link", { name: "Keys" }).click();
  const row = page.getByRole("row").filter({ hasText: "from the browser" });
  await row.getByRole("button", { name: "Revoke" }).click();
  await page.getByRole("button", { name: "Revoke key" }).click();
  await visible(/is revoked/);
  expect((await chat(appliance.url, key, "Hello")).status).toBe(401);
}, 30_000);

test("every page fits a phone, in light and in dark, and nothing was logged as an error", async () => {
  await page.setViewportSize({ width: 390, height: 844 });
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    for (const path of paths) {
      await page.goto(appliance.url + path);
      await page.getByRole("heading", { level: 1 }).waitFor();
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect([path, overflow]).toEqual([path, 0]);
    }
  }
  expect(complaints).toEqual([]);
}, 60_000);
