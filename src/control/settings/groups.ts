/** Every setting of the appliance, by group: what it may be, and what it is until somebody says otherwise. */
import { t } from "elysia";
import { badRequest } from "../../shared/failure.ts";
import {
  certificates,
  type Field,
  flag,
  hostName,
  integer,
  mailAddress,
  mailAddresses,
  oneOf,
  plainText,
  webAddress,
} from "./field.ts";

const mail = {
  enabled: flag(false),
  host: hostName,
  port: integer(587, 1, 65_535),
  /** `starttls` never falls back to plain text. */
  security: oneOf("starttls", ["none", "starttls", "tls"]),
  /** Certificates to trust instead of the public ones; for a server with a private CA. */
  ca_pem: certificates,
  user: plainText,
  from: mailAddress,
  /** Told of everything, beside the owners. */
  to: mailAddresses(50),
};

const webhook = { enabled: flag(false), url: webAddress };

/** How long the time series of metrics are kept, by resolution. */
const retention = {
  raw_hours: integer(24, 1, 168),
  minute_days: integer(30, 1, 365),
  hour_days: integer(365, 1, 3650),
};

const endpoints = {
  default_idle_timeout_s: integer(900, 10, 2_592_000),
  /** How long a replica may take from being placed to being ready. */
  build_timeout_s: integer(1800, 30, 86_400),
  /** An endpoint that was up fails when its replicas crash again and again for this long. */
  unready_timeout_s: integer(300, 10, 86_400),
};

/** When something is wrong with a host. */
const alerts = {
  /** Less free than this is too little. */
  disk_free_percent: integer(10, 1, 50),
  /** How long a GPU may be slowed down. */
  throttle_minutes: integer(5, 1, 1440),
  /** Whether running at the power limit is being slowed down: under load it is usual. */
  power_cap: flag(false),
};

/** The store that models of `s3://` come from. */
const s3 = {
  endpoint: webAddress,
  /** Empty: us-east-1, which self-hosted stores take as well. */
  region: plainText,
  access_key_id: plainText,
  /** The bucket in the path, not in the host's name, which most self-hosted stores have no names for. */
  path_style: flag(true),
  /** Certificates to trust instead of the public ones; for a store with a private CA. */
  ca_pem: certificates,
};

export const groups = { mail, webhook, retention, endpoints, alerts, s3 };

export type GroupName = keyof typeof groups;

/** The one setting of a group that is written but never read back. */
export const secretOf = { mail: "password", webhook: "secret", s3: "secret_access_key" } as const;

export type SecretGroup = keyof typeof secretOf;

type Values<Fields> = {
  readonly [Name in keyof Fields]: Fields[Name] extends Field<infer Value> ? Value : never;
};

/** Everything but the secrets, of which it says whether they are set. */
export interface SettingsView {
  readonly mail: Values<typeof mail> & { readonly has_password: boolean };
  readonly webhook: Values<typeof webhook> & { readonly has_secret: boolean };
  readonly retention: Values<typeof retention>;
  readonly endpoints: Values<typeof endpoints>;
  readonly alerts: Values<typeof alerts>;
  readonly s3: Values<typeof s3> & { readonly has_secret_access_key: boolean };
}

/** What may be written: some groups, and of each some settings, or its secret. */
export type SettingsBody = {
  [Group in GroupName]?: {
    -readonly [Name in keyof (typeof groups)[Group]]?: (typeof groups)[Group][Name] extends Field<
      infer Value
    >
      ? Value
      : never;
  } & (Group extends SecretGroup ? { [Name in (typeof secretOf)[Group]]?: string } : unknown);
};

/** Unknown settings are left to `Settings`, which lists the known. */
export const settingsBody = t.Unsafe<SettingsBody>(
  t.Object(
    Object.fromEntries(
      Object.entries(groups).map(([group, fields]) => [
        group,
        t.Optional(t.Object(schemasOf(group, fields))),
      ]),
    ),
  ),
);

function schemasOf(group: string, fields: Readonly<Record<string, Field<unknown>>>) {
  const secret = Object.entries(secretOf).find(([of]) => of === group)?.[1];
  const all = Object.entries(fields).map(([name, { schema }]) => [name, t.Optional(schema)]);
  if (secret) all.push([secret, t.Optional(t.String({ description: "Never read back." }))]);
  return Object.fromEntries(all);
}

/** What only several settings together can get wrong. Throws a sentence that names the field. */
export function checkTogether({ mail, webhook, s3 }: SettingsView): void {
  checkStore(s3);
  const missing = (name: string, group: string): never => {
    throw badRequest(`\`${name}\` is needed before \`${group}.enabled\` can be true.`, name);
  };
  if (mail.enabled && mail.host === "") missing("mail.host", "mail");
  if (mail.enabled && mail.from === "") missing("mail.from", "mail");
  if (webhook.enabled && webhook.url === "") missing("webhook.url", "webhook");
  if (mail.has_password && mail.user === "") {
    throw badRequest(
      "`mail.user` is needed beside `mail.password`; clear both, or set both.",
      "mail.user",
    );
  }
}

function checkStore({ endpoint, access_key_id, has_secret_access_key }: SettingsView["s3"]): void {
  if (endpoint === "") return;
  const missing = access_key_id === "" ? "s3.access_key_id" : "s3.secret_access_key";
  if (access_key_id !== "" && has_secret_access_key) return;
  throw badRequest(
    `\`${missing}\` is needed beside \`s3.endpoint\`; clear all, or set all.`,
    missing,
  );
}
