/** Every form of the dashboard shows what is stored, and writes what a person changed and nothing else. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { Testbed } from "./appliance.testbed.ts";
import { ApplianceProcess } from "./appliance-process.ts";
import { type FormCase, formCases, otherFields, otherForms, type Shown } from "./forms.testbed.ts";

const executablePath = ["/usr/bin/chromium", "/usr/bin/google-chrome"].find((path) =>
  existsSync(path),
);
const testbed = new Testbed();
let appliance: ApplianceProcess;
let browser: Browser;
let page: Page;
const complaints: string[] = [];
/** What the page has asked to be changed. */
const writes: unknown[] = [];
/** Given in beforeAll: the cases name them before they are there. */
const made = { team_id: "", ca_pem: "" };

beforeAll(async () => {
  if (!executablePath) throw new Error("No Chromium. Run `sh .ci/prepare.sh`.");
  // No hub: models are taken as they are named.
  const before = process.env["HF_ENDPOINT"];
  process.env["HF_ENDPOINT"] = "http://127.0.0.1:9";
  appliance = await ApplianceProcess.create(testbed);
  if (before === undefined) delete process.env["HF_ENDPOINT"];
  else process.env["HF_ENDPOINT"] = before;
  made.team_id = (await appliance.api<{ id: string }>("/api/teams", { name: "Research" })).id;
  const authority = await Bun.file(join(appliance.home, "ca", "authority.pem")).text();
  made.ca_pem = authority.slice(authority.indexOf("-----BEGIN CERT"));
  browser = await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
  });
  page = await browser.newPage();
  page.setDefaultTimeout(10_000);
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => {
    if (request.method() !== "GET") writes.push(request.postDataJSON());
  });
  await page.goto(`${appliance.url}/keys`);
  const login = await Bun.file(join(appliance.home, "first-login.json")).json();
  await page.getByLabel("E-mail").fill(login.email);
  await page.getByLabel("Password").fill(login.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Keys", exact: true }).waitFor();
}, 90_000);
afterAll(async () => {
  await browser?.close();
  await testbed.end();
}, 30_000);

/** Everything of it that a person can set or see, as the API says it. */
async function stored({ read }: FormCase, id: string): Promise<string> {
  const [path = "", part] = read.replace(":id", id).split(" ");
  const answer = await appliance.api<Record<string, unknown>>(path);
  const { data } = answer;
  if (part !== undefined) return JSON.stringify(answer[part]);
  if (!Array.isArray(data)) return JSON.stringify(answer);
  return JSON.stringify(data.find((one) => (one.id ?? one.model) === id));
}

async function make({ make: [method, path] }: FormCase, body: object): Promise<string> {
  const answer = await appliance.api<Record<string, string>>(path, body, method);
  return answer["model_id"] ?? answer["id"] ?? answer["model"] ?? "";
}

async function open(one: FormCase, name: string, id: string) {
  await page.goto(appliance.url + one.page.replace(":id", id));
  await one.open(page, name);
  const form = one.within(page).locator("form");
  await form.waitFor();
  return form;
}

type Opened = Awaited<ReturnType<typeof open>>;

const fieldsOf = (form: Opened): Promise<Record<string, string | boolean>> =>
  form.evaluate((element) => {
    const fields = [...(element as HTMLFormElement).elements] as HTMLInputElement[];
    const named = fields.filter(({ name }) => name !== "");
    return Object.fromEntries(
      named.map((field) => [field.name, field.type === "checkbox" ? field.checked : field.value]),
    );
  });

/** Resolves when the form has said that it is done. */
async function save(one: FormCase, form: Opened): Promise<unknown[]> {
  writes.length = 0;
  await form.getByRole("button", { name: one.save, exact: true }).click();
  if (one.page === "/settings") await form.getByText("Saved.").waitFor();
  else await form.waitFor({ state: "detached" });
  return [...writes];
}

/** Empties what may be empty, and takes away what is kept. */
async function clear(form: Opened): Promise<void> {
  for (const field of await form.locator("input:not([required]), textarea:not([required])").all()) {
    const type = await field.getAttribute("type");
    const name = (await field.getAttribute("name")) ?? "";
    if (name.endsWith(":remove")) await field.check();
    else if (name === "enabled") await field.uncheck();
    else if (type !== "checkbox") await field.fill("");
  }
}

const names = formCases("", "").map(({ of }) => of);

describe.each(names)("%s", (of) => {
  const find = (): FormCase => {
    const one = formCases(made.team_id, made.ca_pem).find((each) => each.of === of);
    if (!one) throw new Error(of);
    return one;
  };
  const unique = (kind: string) => `${kind}${names.indexOf(of)}`;
  const ids = new Map<string, string>();
  const seen: Shown[] = [];

  test.each(["bare", "full"] as const)(
    "with what is %s it shows what is stored, and saved untouched it changes nothing",
    async (kind) => {
      const one = find();
      const name = unique(kind);
      const id = await make(one, one[kind](name));
      ids.set(kind, id);
      const before = await stored(one, id);
      const form = await open(one, name, id);
      const fields = await fieldsOf(form);
      expect(fields).toEqual(one.shows[kind](name));
      seen.push(fields);
      expect(await save(one, form)).toEqual([]);
      expect(await stored(one, id)).toBe(before);
    },
    30_000,
  );

  test("each of its fields was set to something else than what is usual", () => {
    const [bare = {}, full = {}] = seen;
    const same = Object.keys(bare).filter((field) => bare[field] === full[field]);
    // Secrets are never shown.
    const secrets = Object.keys(full).flatMap((field) => /^(.*):remove$/.exec(field)?.[1] ?? []);
    expect(same).toEqual(secrets);
  });

  test("what was changed goes out alone", async () => {
    const one = find();
    const id = ids.get("full") ?? "";
    const form = await open(one, unique("full"), id);
    const [field, value, body] = one.touch;
    await form.locator(`[name="${field}"]`).fill(value);
    const [sent, ...others] = await save(one, form);
    expect(others).toEqual([]);
    // A price is set as a whole.
    if (one.make[0] === "PUT" && id !== "") expect(sent).toMatchObject(body);
    else expect(sent).toEqual(body);
  }, 30_000);

  test("a field that was cleared is cleared, and all else stays", async () => {
    const one = find();
    const id = ids.get("full") ?? "";
    const form = await open(one, unique("full"), id);
    await clear(form);
    await save(one, form);
    const after = await stored(one, id);
    const [field] = one.touch;
    const { [field]: _touched, ...cleared } = one.cleared;
    expect(JSON.parse(after)).toMatchObject(cleared);
    const again = await open(one, unique("full"), id);
    expect(await save(one, again)).toEqual([]);
    expect(await stored(one, id)).toBe(after);
  }, 30_000);
});

test("the role of a user, which is saved as it is chosen, is the one that is stored", async () => {
  for (const role of ["viewer", "member", "admin"]) {
    const email = `${role}@example.org`;
    await appliance.api("/api/users", { email, role, password: "correct horse battery" });
    await page.goto(`${appliance.url}/users`);
    const field = page.getByLabel(`Role of ${email}`);
    await field.waitFor();
    expect(await field.inputValue()).toBe(role);
  }
}, 30_000);

test("a form or a field that no case covers does not exist", async () => {
  const covered = new Set(names.map((of) => of.split(" ")[0] ?? ""));
  const found: string[] = [];
  const ui = join(import.meta.dir, "../../ui");
  for await (const file of new Bun.Glob("**/*.tsx").scan(ui)) {
    const text = await Bun.file(join(ui, file)).text();
    const isForm = /<(?:form|Form|SettingsForm)\b/.test(text);
    const hasField = /<(?:input|select|textarea)\b/.test(text);
    if (isForm || (hasField && !(file in otherFields))) found.push(file);
  }
  expect(found.length).toBeGreaterThan(10);
  // The settings' page fills the form that has its own file, once for each group.
  const missing = found.filter((file) => !covered.has(file) && !(file in otherForms));
  expect(missing).toEqual(["pages/settings/settings.tsx"]);
  const groups = await appliance.api<object>("/api/settings");
  const ofGroups = names.flatMap((of) => /SettingsForm (\w+)/.exec(of)?.[1] ?? []);
  expect(ofGroups.sort()).toEqual(Object.keys(groups).sort());
});

test("no page had an error", () => {
  expect(complaints).toEqual([]);
});
