/** What pages say of the program is what the program says of itself, and what they point to is there. */
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { version } from "../../../package.json";
import { orders } from "../../control/models/endpoints/orders.ts";
import { provisionBody } from "../../control/models/endpoints/provision.ts";
import { explain } from "../../control/observability/notify/cause.ts";
import { noLimits } from "../../shared/limits/fields.ts";
import { anchorsIn, linksIn } from "./links.ts";
import { filled } from "./settings-tables.ts";
import { errorCodes, sources, variables } from "./source-texts.ts";

const root = join(import.meta.dir, "../../..");
const read = (file: string): string => readFileSync(join(root, file), "utf8");
const names = [
  ...["start", "requirements", "install", "hosts", "models", "api"],
  ...["access", "operate", "air-gap", "trouble", "settings", "glossary"],
];
const documents = ["README.md", "CHANGELOG.md", ...names.map((name) => `docs/${name}.md`)];
/** The first cells of the tables in PAGE, each of the words in code in them. */
const rowsOf = (page: string): string[] =>
  [...page.matchAll(/^\| (`[^|]+?) *\|/gm)].flatMap(([, cell = ""]) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, word = ""]) => word),
  );
const section = (page: string, heading: string): string => {
  const [, after = ""] = page.split(`\n${heading}\n`);
  const depth = /^#+/.exec(heading)?.[0].length ?? 0;
  return after.split(new RegExp(`\n#{1,${depth}} `))[0] ?? "";
};

test("docs/ has its twelve pages, and nothing else but the picture", () => {
  const found = [...new Bun.Glob("**").scanSync(join(root, "docs"))];
  expect(found.toSorted()).toEqual(
    [...names.map((name) => `${name}.md`), "dashboard.png"].toSorted(),
  );
  expect(statSync(join(root, "docs/dashboard.png")).size).toBeLessThan(150_000);
});

test("README is one that is read: at most 140 lines", () => {
  expect(read("README.md").trimEnd().split("\n").length).toBeLessThanOrEqual(140);
});

describe.each(documents)("%s", (file) => {
  const page = read(file);

  test("every link leads somewhere, to the heading that it names", () => {
    const broken = linksIn(page).filter((link) => {
      const [path = "", anchor] = link.split("#");
      const target = path === "" ? file : relative(root, join(root, dirname(file), path));
      if (!existsSync(join(root, target))) return true;
      return anchor !== undefined && !anchorsIn(read(target)).has(anchor);
    });
    expect(broken).toEqual([]);
  });

  test("no line of a table has another number of cells than its head", () => {
    const wrong = page
      .split("\n\n")
      .map((block) => block.split("\n").filter((line) => line.startsWith("|")))
      .flatMap(([head = "", ...rows]) => {
        const cells = (line: string) => line.replaceAll("\\|", "").split("|").length;
        return rows.filter((row) => cells(row) !== cells(head));
      });
    expect(wrong).toEqual([]);
  });
});

test("pages of docs/ lead to each other only, so that they can be served alone", () => {
  const outside = names.flatMap((name) =>
    linksIn(read(`docs/${name}.md`)).filter((link) => link.includes("/")),
  );
  expect(outside).toEqual([]);
});

test("README leads to every page, and every page is for somebody", () => {
  const links = linksIn(read("README.md"));
  for (const name of names) {
    expect(links).toContain(`docs/${name}.md`);
    expect(read(`docs/${name}.md`)).toMatch(name === "glossary" ? /^# / : /\nThis page is for /);
  }
});

describe("docs/settings.md", () => {
  const page = read("docs/settings.md");

  test("has every flag of every command and of install.sh, every setting, bound and default", () => {
    // `npm run docs` writes them.
    expect(page).toBe(filled(page));
  });

  test("the help of install.sh names every option that it takes", () => {
    const known = [
      ...read("install.sh").matchAll(/^ {4}(--[a-z-]+(?: \| --[a-z-]+)*)\)/gm),
    ].flatMap(([, options = ""]) => options.split(" | "));
    expect(known.length).toBeGreaterThan(8);
    const table = section(page, "## Flags of install.sh");
    const missing = known.filter((option) => option !== "--help" && !table.includes(`\`${option}`));
    expect(missing).toEqual([]);
  });

  test("has every variable that the program and its scripts read", () => {
    const told = new Set(rowsOf(section(page, "## Variables")));
    expect(variables().size).toBeGreaterThan(12);
    expect([...variables()].filter((name) => !told.has(name))).toEqual([]);
  });
});

describe("docs/trouble.md", () => {
  const page = read("docs/trouble.md");

  test("has every failure cause with its cure, word for word", () => {
    const report_bounds = read("src/control/fleet/report-bounds.ts");
    const [list = ""] = /const causes: readonly string\[\] = \[[^\]]*\]/.exec(report_bounds) ?? [];
    const causes = [...list.matchAll(/"([a-z_]+)"/g)].map(([, cause = ""]) => cause);
    expect(rowsOf(section(page, "## Failure causes"))).toEqual(causes);
    expect(causes.length).toBeGreaterThan(8);
    for (const cause of causes) {
      const { words = "", advice = "" } = explain(cause as Parameters<typeof explain>[0]) ?? {};
      const row = page.split("\n").find((line) => line.startsWith(`| \`${cause}\``));
      expect(row?.split("|").map((cell) => cell.trim())).toEqual(
        expect.arrayContaining([words, advice]),
      );
    }
  });

  test("has every kind of alert, as docs/operate.md has", () => {
    const kinds = sources("src/control/observability/alerts/{host,gpu}-conditions.ts").flatMap(
      (text) => [...text.matchAll(/\bkind: "([a-z_]+)"/g)].map(([, kind = ""]) => kind),
    );
    expect(kinds.length).toBeGreaterThan(8);
    const all = [...new Set(kinds)].toSorted();
    for (const alerts of [page, read("docs/operate.md")]) {
      expect(rowsOf(section(alerts, "## Alerts")).toSorted()).toEqual(all);
    }
  });

  test("has every error code of the source, and no other", () => {
    const told = rowsOf(section(page, "## Error codes"));
    expect([...new Set(told)].toSorted()).toEqual([...errorCodes()].toSorted());
    expect(new Set(told).size).toBe(told.length);
  });

  test("has every check of the doctor", () => {
    const checks = [...read("agent/doctor/doctor.ts").matchAll(/^ {4,6}\[?"([A-Z][^"]+)",/gm)];
    const named = [...checks.map(([, name = ""]) => name)];
    for (const [, name = ""] of read("agent/doctor/doctor.ts").matchAll(
      /^ {4}\["([^"]+)", async/gm,
    )) {
      named.push(name);
    }
    expect(new Set(named).size).toBeGreaterThan(18);
    const text = section(page, "## What the doctor looks at").replaceAll("\n", " ");
    expect(named.filter((name) => !text.includes(name))).toEqual([]);
  });
});

test("docs/models.md has every field of an endpoint, docs/access.md every limit", () => {
  const fields = rowsOf(section(read("docs/models.md"), "### Fields of an endpoint"));
  expect(fields.toSorted()).toEqual(Object.keys(provisionBody.properties).toSorted());
  const limits = rowsOf(section(read("docs/access.md"), "## Limits and budgets"));
  expect(limits.toSorted()).toEqual(Object.keys(noLimits).toSorted());
});

test("docs/api.md has every path of the control API and of the gateway", () => {
  const page = read("docs/api.md");
  const control = sources("src/control/**/*routes.ts").flatMap((text) =>
    [...text.matchAll(/\.(?:get|post|put|patch|delete)\(\s*["`](\/[^"`$]*)/g)].map(
      ([, path = ""]) => path,
    ),
  );
  expect(control.length).toBeGreaterThan(50);
  const kinds = [...read("src/gateway/request/allow-list.ts").matchAll(/generation\("([^"]+)"\)/g)];
  expect(kinds.length).toBeGreaterThan(8);
  const told = (path: string): boolean => {
    const [, of = "", last = ""] = /^(.*:id)(\/\w+)$/.exec(path) ?? [];
    return (
      page.includes(`${path}\``) || (of !== "" && page.includes(of) && page.includes(`\`${last}\``))
    );
  };
  const ordered = orders.map((order) => `/api/endpoints/:id/${order}`);
  const paths = [
    ...control.filter((path) => !path.endsWith("/")),
    ...ordered,
    ...kinds.map(([, kind]) => `/v1/${kind}`),
  ];
  expect([...new Set(paths.filter((path) => !told(path)))]).toEqual([]);
});

test("docs/operate.md has every metric", () => {
  const page = section(read("docs/operate.md"), "## Metrics");
  const metrics = sources("src/{app,control,gateway}/**/*.ts").flatMap((text) =>
    [...text.matchAll(/\b(?:new Family|seconds)\(\s*"([a-z_]+)"|\["(gpu_[a-z_]+)",/g)].map(
      ([, name, gpu]) => name ?? gpu ?? "",
    ),
  );
  expect(metrics.length).toBeGreaterThan(20);
  const missing = metrics.filter((name) => !page.includes(`\`${name}\``));
  expect(missing).toEqual([]);
});

test("CHANGELOG begins with this version, and every section has its date", () => {
  const headings = [...read("CHANGELOG.md").matchAll(/^## (.*)$/gm)].map(([, text = ""]) => text);
  expect(headings[0]).toStartWith(`${version} (`);
  for (const heading of headings) expect(heading).toMatch(/^\d+\.\d+\.\d+ \(\d{4}-\d{2}-\d{2}\)$/);
});
