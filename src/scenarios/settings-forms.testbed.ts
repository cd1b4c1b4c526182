/** The forms of the settings, one for each group. */
import type { FormCase, Shown } from "./forms.testbed.ts";

/** CA_PEM: a certificate, as the appliance keeps it. */
export function settingsCases(ca_pem: string): FormCase[] {
  const group = (
    title: string,
    name: string,
    values: Omit<FormCase, "of" | "make" | "read" | "page" | "open" | "within" | "save">,
  ): FormCase => ({
    of: `pages/settings/form.tsx SettingsForm ${name}`,
    make: ["PUT", "/api/settings"],
    read: `/api/settings ${name}`,
    page: "/settings",
    open: async () => undefined,
    within: (page) => page.getByRole("region", { name: title, exact: true }),
    save: "Save",
    ...values,
    full: () => ({ [name]: values.full("") }),
    bare: () => ({ [name]: values.bare("") }),
    touch: [values.touch[0], values.touch[1], { [name]: values.touch[2] }],
  });
  return [
    group("Mail", "mail", {
      full: () => ({
        enabled: true,
        host: "127.0.0.1",
        port: 465,
        security: "tls",
        user: "u",
        password: "kept",
        from: "a@example.org",
        to: ["b@example.org", "c@example.org"],
        ca_pem,
      }),
      bare: () => ({
        enabled: false,
        host: "",
        port: 587,
        security: "starttls",
        user: "",
        password: "",
        from: "",
        to: [],
        ca_pem: "",
      }),
      shows: {
        full: () => ({
          enabled: true,
          host: "127.0.0.1",
          port: "465",
          security: "tls",
          user: "u",
          password: "",
          "password:remove": false,
          from: "a@example.org",
          to: "b@example.org\nc@example.org",
          ca_pem: ca_pem,
        }),
        bare: () => ({
          enabled: false,
          host: "",
          port: "587",
          security: "starttls",
          user: "",
          password: "",
          from: "",
          to: "",
          ca_pem: "",
        }),
      },
      cleared: {
        enabled: false,
        host: "",
        port: 465,
        security: "tls",
        user: "",
        from: "",
        to: [],
        ca_pem: "",
        has_password: false,
      },
      touch: ["host", "127.0.0.2", { host: "127.0.0.2" }],
    }),
    group("Webhook", "webhook", {
      full: () => ({ enabled: true, url: "http://127.0.0.1:9/hook", secret: "kept" }),
      bare: () => ({ enabled: false, url: "", secret: "" }),
      shows: {
        full: () => ({
          enabled: true,
          url: "http://127.0.0.1:9/hook",
          secret: "",
          "secret:remove": false,
        }),
        bare: () => ({ enabled: false, url: "", secret: "" }),
      },
      cleared: { enabled: false, url: "", has_secret: false },
      touch: ["url", "http://127.0.0.1:9/other", { url: "http://127.0.0.1:9/other" }],
    }),
    group("Models from S3", "s3", {
      full: () => ({
        endpoint: "http://127.0.0.1:9",
        region: "eu-1",
        access_key_id: "id",
        secret_access_key: "kept",
        path_style: false,
        ca_pem,
      }),
      bare: () => ({
        endpoint: "",
        region: "",
        access_key_id: "",
        secret_access_key: "",
        path_style: true,
        ca_pem: "",
      }),
      shows: {
        full: () => ({
          endpoint: "http://127.0.0.1:9",
          region: "eu-1",
          access_key_id: "id",
          secret_access_key: "",
          "secret_access_key:remove": false,
          path_style: false,
          ca_pem: ca_pem,
        }),
        bare: () => ({
          endpoint: "",
          region: "",
          access_key_id: "",
          secret_access_key: "",
          path_style: true,
          ca_pem: "",
        }),
      },
      cleared: {
        endpoint: "",
        region: "",
        access_key_id: "",
        has_secret_access_key: false,
        path_style: false,
        ca_pem: "",
      },
      touch: ["region", "eu-2", { region: "eu-2" }],
    }),
    ...[
      [
        "Endpoints",
        "endpoints",
        { default_idle_timeout_s: 100, build_timeout_s: 200, unready_timeout_s: 50 },
        { default_idle_timeout_s: 900, build_timeout_s: 1800, unready_timeout_s: 300 },
      ] as const,
      [
        "Measurements are kept",
        "retention",
        { raw_hours: 5, minute_days: 6, hour_days: 7 },
        { raw_hours: 24, minute_days: 30, hour_days: 365 },
      ] as const,
      [
        "Alerts about hosts",
        "alerts",
        { disk_free_percent: 20, throttle_minutes: 9, power_cap: true },
        { disk_free_percent: 10, throttle_minutes: 5, power_cap: false },
      ] as const,
    ].map(([title, name, full, bare]) => {
      const [field = ""] = Object.keys(full);
      return group(title, name, {
        full: () => full,
        bare: () => bare,
        cleared: full,
        shows: { full: () => shown(full), bare: () => shown(bare) },
        touch: [field, "12", { [field]: 12 }],
      });
    }),
  ];
}

const shown = (values: Readonly<Record<string, number | boolean>>): Shown =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === "number" ? String(value) : value,
    ]),
  );
