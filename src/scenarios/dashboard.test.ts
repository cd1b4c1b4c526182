/** The dashboard in real Chromium, over the whole appliance. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";
import { ApplianceProcess } from "./appliance-process.ts";
import { Testbed } from "./testbed.ts";

const executablePath = ["/usr/bin/chromium", "/usr/bin/google-chrome"].find((path) =>
  existsSync(path),
);
const testbed = new Testbed();
let appliance: ApplianceProcess;
let browser: Browser;
let page: Page;
const complaints: string[] = [];

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
    if (message.type() === "error") complaints.push(message.text());
  });
}, 90_000);
afterAll(async () => {
  await browser?.close();
  await testbed.end();
}, 30_000);
