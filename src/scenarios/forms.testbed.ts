/** Every form of the dashboard that changes what is stored: how it is opened, and what it must show. */
import type { Page } from "playwright-core";
import { settingsCases } from "./settings-forms.testbed.ts";

export type Shown = Readonly<Record<string, string | boolean>>;

export interface FormCase {
  /** The component, as its file in ui/ and its name. */
  of: string;
  /** What is stored, and the paths to store and to read it. `:id` is the id of what was made. */
  make: readonly [method: "POST" | "PUT", path: string];
  read: string;
  page: string;
  /** Leads from the page to the form. */
  open(page: Page, name: string): Promise<void>;
  /** What the form is in: a dialog, or a region of the page. */
  within: (page: Page) => ReturnType<Page["locator"]>;
  save: string;
  /** Every field set to something unusual, and none that can be left out. NAME makes it the only one of its kind. */
  full: (name: string) => Body;
  bare: (name: string) => Body;
  shows: { full: (name: string) => Shown; bare: (name: string) => Shown };
  /** The part of the record that says what clearing every field that can be empty leads to. */
  cleared: Body;
  /** One field touched: the body that goes out has it alone. */
  touch: readonly [field: string, value: string, body: Body];
}

type Body = Readonly<Record<string, unknown>>;

const dialog = (page: Page) => page.getByRole("dialog");
const press = (label: (name: string) => string) => (page: Page, name: string) =>
  page.getByRole("button", { name: label(name), exact: true }).click();

const limits = {
  rpm_limit: 11,
  tpm_limit: 2222,
  max_parallel_requests: 3,
  monthly_budget: 4.25,
  models: ["one", "two"],
};
const noLimits = {
  rpm_limit: null,
  tpm_limit: null,
  max_parallel_requests: null,
  monthly_budget: null,
  models: null,
};
const limitsShown = {
  rpm_limit: "11",
  tpm_limit: "2222",
  max_parallel_requests: "3",
  monthly_budget: "4.25",
  models: "one, two",
};
const noLimitsShown = {
  rpm_limit: "",
  tpm_limit: "",
  max_parallel_requests: "",
  monthly_budget: "",
  models: "",
};
const touchesRpm = ["rpm_limit", "12", { rpm_limit: 12 }] as const;

const endpoint: FormCase = {
  of: "pages/endpoints/actions.tsx Change",
  make: ["POST", "/api/provision"],
  read: "/api/endpoints/:id",
  page: "/endpoints?id=:id",
  open: press(() => "Change"),
  within: dialog,
  save: "Save",
  full: (name) => ({
    name,
    model: "org/full",
    revision: "main",
    runtime: "vllm",
    task: "text-generation",
    gpu: { type: "H100-80", count: 2 },
    context: 1024,
    concurrency: 8,
    min_replicas: 1,
    max_replicas: 3,
    idle_timeout_s: 100,
    l1_timeout_s: 3700,
    cold_start: "fail",
    visibility: "public",
    hf_token: "hf_kept",
    labels: { zone: "a" },
    env: { OMP_NUM_THREADS: "2" },
    args: ["--max-num-seqs", "9"],
  }),
  bare: (name) => ({ name, model: "org/bare" }),
  shows: {
    full: (name) => ({
      model: "org/full",
      name,
      runtime: "vllm",
      gpu_type: "H100-80",
      gpu_count: "2",
      context_tokens: "1024",
      concurrency: "8",
      hf_token: "",
      "hf_token:remove": false,
      min_replicas: "1",
      max_replicas: "3",
      idle_minutes: String(100 / 60),
      l1_minutes: String(3700 / 60),
      cold_start: "fail",
      visibility: "public",
    }),
    bare: (name) => ({
      model: "org/bare",
      name,
      runtime: "auto",
      gpu_type: "",
      gpu_count: "",
      context_tokens: "",
      concurrency: "4",
      hf_token: "",
      min_replicas: "0",
      max_replicas: "1",
      idle_minutes: "15",
      l1_minutes: "0",
      cold_start: "hold",
      visibility: "private",
    }),
  },
  cleared: {
    gpu: { type: null, count: null },
    context: null,
    concurrency: 4,
    has_hf_token: false,
    min_replicas: 0,
    max_replicas: 1,
    idle_timeout_s: null,
    l1_timeout_s: null,
    revision: "main",
    task: "text-generation",
    labels: { zone: "a" },
    args: ["--max-num-seqs", "9"],
    env: { OMP_NUM_THREADS: "2" },
  },
  touch: ["max_replicas", "5", { max_replicas: 5 }],
};

const model: FormCase = {
  of: "pages/models/model-form.tsx ModelForm",
  make: ["POST", "/api/models"],
  read: "/api/models/:id",
  page: "/models",
  open: (page, name) =>
    page
      .getByRole("listitem")
      .filter({ hasText: name })
      .getByRole("button", { name: "Change" })
      .click(),
  within: dialog,
  save: "Save",
  full: (name) => ({
    name,
    source: "org/full",
    revision: "main",
    runtime: "vllm",
    context_tokens: 1024,
    slots: 8,
    gpu: { type: "H100-80", count: 2 },
    replicas: 3,
    hf_token: "hf_kept",
    enabled: false,
  }),
  bare: (name) => ({ name, source: "org/bare" }),
  shows: {
    full: (name) => ({
      source: "org/full",
      name,
      revision: "main",
      runtime: "vllm",
      replicas: "3",
      gpu_type: "H100-80",
      gpu_count: "2",
      context_tokens: "1024",
      concurrency: "8",
      hf_token: "",
      "hf_token:remove": false,
    }),
    bare: (name) => ({
      source: "org/bare",
      name,
      revision: "",
      runtime: "auto",
      replicas: "",
      concurrency: "4",
      gpu_type: "",
      gpu_count: "",
      context_tokens: "",
      hf_token: "",
    }),
  },
  cleared: {
    asked: { source: "org/full", revision: null, runtime: "vllm", context_tokens: null },
    gpu: { type: null, count: null },
    slots: 4,
    replicas: null,
    has_hf_token: false,
    enabled: false,
  },
  touch: ["replicas", "5", { replicas: 5 }],
};

const key: FormCase = {
  of: "pages/keys/change-key.tsx ChangeKey",
  make: ["POST", "/api/keys"],
  read: "/api/keys",
  page: "/keys",
  open: press((name) => `Limits of ${name}`),
  within: dialog,
  save: "Save limits",
  full: (name) => ({
    name,
    expires_at: Date.UTC(2100, 0, 1),
    allowed_cidrs: ["10.0.0.0/8", "::1/128"],
    ...limits,
  }),
  bare: (name) => ({ name }),
  shows: {
    full: () => ({ ...limitsShown, allowed_cidrs: "10.0.0.0/8, ::1/128" }),
    bare: () => ({ ...noLimitsShown, allowed_cidrs: "" }),
  },
  cleared: { ...noLimits, allowed_cidrs: null, expires_at: Date.UTC(2100, 0, 1) },
  touch: touchesRpm,
};

const team: FormCase = {
  of: "pages/users/teams.tsx TeamForm",
  make: ["POST", "/api/teams"],
  read: "/api/teams",
  page: "/users",
  open: press((name) => `Change ${name}`),
  within: dialog,
  save: "Save team",
  full: (name) => ({ name, ...limits }),
  bare: (name) => ({ name }),
  shows: {
    full: (name) => ({ name, ...limitsShown }),
    bare: (name) => ({ name, ...noLimitsShown }),
  },
  cleared: noLimits,
  touch: touchesRpm,
};

const user = (team_id: string): FormCase => ({
  of: "pages/users/limit-user.tsx LimitUser",
  make: ["POST", "/api/users"],
  read: "/api/users",
  page: "/users",
  open: press((name) => `Team and limits of ${name}@example.org`),
  within: dialog,
  save: "Save",
  full: (name) => ({ ...person(name), ...limits, name: "Ada", team_id }),
  bare: (name) => person(name),
  shows: {
    full: () => ({ ...limitsShown, team: team_id }),
    bare: () => ({ ...noLimitsShown, team: "" }),
  },
  cleared: { ...noLimits, team_id, name: "Ada", role: "member" },
  touch: touchesRpm,
});

const person = (name: string) => ({
  email: `${name}@example.org`,
  password: "correct horse battery",
  role: "member",
});

const alias: FormCase = {
  of: "pages/routing/aliases.tsx AliasForm",
  make: ["POST", "/api/aliases"],
  read: "/api/aliases",
  page: "/routing",
  open: press((name) => `Change ${name}`),
  within: dialog,
  save: "Save alias",
  full: (name) => ({
    name,
    targets: [
      { model: "one", weight: 90 },
      { model: "org/two:Q4", weight: 10 },
    ],
    fallbacks: ["three", "four"],
  }),
  bare: (name) => ({ name, targets: [{ model: "one", weight: 1 }] }),
  shows: {
    full: (name) => ({ name, targets: "one 90\norg/two:Q4 10", fallbacks: "three, four" }),
    bare: (name) => ({ name, targets: "one", fallbacks: "" }),
  },
  cleared: { fallbacks: [] },
  touch: ["fallbacks", "five", { fallbacks: ["five"] }],
};

const provider: FormCase = {
  of: "pages/routing/provider-form.tsx ProviderForm",
  make: ["POST", "/api/providers"],
  read: "/api/providers",
  page: "/routing",
  open: press((name) => `Change ${name}`),
  within: dialog,
  save: "Save provider",
  full: (name) => ({
    name,
    base_url: "http://127.0.0.1:9/full/v1",
    api_key: "sk-kept",
    enabled: false,
    slots: 3,
    models: [
      { name: `${name}-a`, upstream: "theirs", burst: true },
      { name: `${name}-b`, upstream: `${name}-b`, burst: false },
    ],
  }),
  bare: (name) => ({ name, base_url: "http://127.0.0.1:9/v1" }),
  shows: {
    full: (name) => ({
      name,
      base_url: "http://127.0.0.1:9/full/v1",
      api_key: "",
      "api_key:remove": false,
      slots: "3",
      models: `${name}-a = theirs burst\n${name}-b`,
      enabled: false,
    }),
    bare: (name) => ({
      name,
      base_url: "http://127.0.0.1:9/v1",
      api_key: "",
      slots: "16",
      models: "",
      enabled: true,
    }),
  },
  cleared: { models: [], has_key: false, slots: 3 },
  touch: ["slots", "5", { slots: 5 }],
};

const price: FormCase = {
  of: "pages/routing/prices.tsx PriceForm",
  make: ["PUT", "/api/prices"],
  read: "/api/prices",
  page: "/routing",
  open: press((name) => `Change the price of ${name}`),
  within: dialog,
  save: "Save price",
  full: (name) => ({
    model: name,
    input_per_million: 1.5,
    cached_input_per_million: 0.25,
    output_per_million: 3,
  }),
  bare: (name) => ({ model: name, input_per_million: 0, output_per_million: 0 }),
  shows: {
    full: () => ({ input: "1.5", output: "3", cached: "0.25" }),
    bare: () => ({ input: "0", output: "0", cached: "" }),
  },
  cleared: { input_per_million: 1.5, cached_input_per_million: null, output_per_million: 3 },
  touch: ["cached", "0.5", { cached_input_per_million: 0.5 }],
};

export const formCases = (team_id: string, ca_pem: string): FormCase[] => [
  ...[endpoint, model, key, team, user(team_id), alias, provider, price],
  ...settingsCases(ca_pem),
];

/** Files with fields that are in no form, or that forms are made of. */
export const otherFields: Readonly<Record<string, string>> = {
  "fields.tsx": "of the forms about what runs",
  "limit-fields.tsx": "of the forms of keys, users and teams",
  "secret.tsx": "of any form",
  "select.tsx": "of any form",
  "pages/endpoints/form-fields.tsx": "of the forms of endpoints",
  "pages/keys/key-table.tsx": "what the table shows",
  "pages/playground/settings.tsx": "of the page, in memory",
  "pages/usage/usage.tsx": "what the page shows",
  "pages/usage/breakdown.tsx": "what the page shows",
  "pages/users/users.tsx": "the role, which has its own test",
};

/** Forms that make or ask something: they show nothing that is stored. */
export const otherForms: Readonly<Record<string, string>> = {
  "form.tsx": "the form itself, of which the others are made",
  "pages/endpoints/provision.tsx": "a new endpoint",
  "pages/keys/create-key.tsx": "a new key",
  "pages/users/user-dialogs.tsx": "a new user",
  "pages/login/login.tsx": "signs in",
  "pages/playground/composer.tsx": "asks a model",
};
