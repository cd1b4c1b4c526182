/** What an admin sets for the whole appliance. */
import type { SettingsView } from "../../../src/app/control-api.ts";
import { Loaded } from "../../notice.tsx";
import { Heading, Panel } from "../../panel.tsx";
import { settingsQuery } from "../../queries.ts";
import { useRemote } from "../../remote.ts";
import { isAdmin } from "../../session.ts";
import { type Field, SettingsForm } from "./form.tsx";
import { Notifications } from "./notifications.tsx";

export function SettingsPage() {
  if (!isAdmin.value) {
    return <Heading title="Settings" about="Only admins change settings. Ask one of them." />;
  }
  return <Groups />;
}

function Groups() {
  const settings = useRemote(settingsQuery);
  return (
    <>
      <Heading
        title="Settings"
        about="For the whole appliance. Secrets are sealed, and never shown again."
      />
      <Loaded from={settings} what="settings">
        {(data) => <Forms settings={data} />}
      </Loaded>
      <Panel title="Recent notifications" flush>
        <Notifications />
      </Panel>
    </>
  );
}

function Forms({
  settings: { mail, webhook, retention, endpoints, alerts, s3 },
}: {
  settings: SettingsView;
}) {
  const mailFields: Field<"mail">[] = [
    { name: "enabled", label: "Send mail", kind: "flag", value: mail.enabled },
    { name: "host", label: "Server", kind: "text", value: mail.host },
    { name: "port", label: "Port", kind: "number", value: mail.port },
    {
      name: "security",
      label: "Security",
      kind: "choice",
      value: mail.security,
      choices: ["starttls", "tls", "none"],
    },
    { name: "user", label: "User", kind: "text", value: mail.user },
    { name: "password", label: "Password", kind: "secret", isKept: mail.has_password },
    { name: "from", label: "From", kind: "text", value: mail.from },
    {
      name: "to",
      label: "Recipients of every message, one per line",
      kind: "lines",
      value: mail.to.join("\n"),
    },
    { name: "ca_pem", label: "Private CA (PEM), optional", kind: "long", value: mail.ca_pem },
  ];
  const webhookFields: Field<"webhook">[] = [
    { name: "enabled", label: "Call the webhook", kind: "flag", value: webhook.enabled },
    { name: "url", label: "URL", kind: "text", value: webhook.url },
    { name: "secret", label: "Signing secret", kind: "secret", isKept: webhook.has_secret },
  ];
  const s3Fields: Field<"s3">[] = [
    {
      name: "endpoint",
      label: "Endpoint, such as https://minio:9000",
      kind: "text",
      value: s3.endpoint,
    },
    { name: "region", label: "Region (empty: us-east-1)", kind: "text", value: s3.region },
    { name: "access_key_id", label: "Access key id", kind: "text", value: s3.access_key_id },
    {
      name: "secret_access_key",
      label: "Secret access key",
      kind: "secret",
      isKept: s3.has_secret_access_key,
    },
    {
      name: "path_style",
      label: "Bucket in the path, not in the host's name",
      kind: "flag",
      value: s3.path_style,
    },
    { name: "ca_pem", label: "Private CA (PEM), optional", kind: "long", value: s3.ca_pem },
  ];
  return (
    <>
      <SettingsForm title="Mail" group="mail" fields={mailFields} test="mail" />
      <SettingsForm title="Webhook" group="webhook" fields={webhookFields} test="webhook" />
      <SettingsForm title="Models from S3" group="s3" fields={s3Fields} />
      <SettingsForm
        title="Endpoints"
        group="endpoints"
        fields={[
          {
            name: "default_idle_timeout_s",
            label: "Default idle time before sleep, seconds",
            kind: "number",
            value: endpoints.default_idle_timeout_s,
          },
          {
            name: "build_timeout_s",
            label: "Time limit for finding a place, seconds",
            kind: "number",
            value: endpoints.build_timeout_s,
          },
          {
            name: "unready_timeout_s",
            label: "Time limit for repeated crashes, seconds",
            kind: "number",
            value: endpoints.unready_timeout_s,
          },
        ]}
      />
      <SettingsForm
        title="Alerts about hosts"
        group="alerts"
        fields={[
          {
            name: "disk_free_percent",
            label: "Alert when less of a disk is free, percent",
            kind: "number",
            value: alerts.disk_free_percent,
          },
          {
            name: "throttle_minutes",
            label: "Alert when a GPU is throttled for longer than, minutes",
            kind: "number",
            value: alerts.throttle_minutes,
          },
          {
            name: "power_cap",
            label: "Count running at the power limit as throttling",
            kind: "flag",
            value: alerts.power_cap,
          },
        ]}
      />
      <SettingsForm
        title="Measurements are kept"
        group="retention"
        fields={[
          {
            name: "raw_hours",
            label: "Every 10 s, hours",
            kind: "number",
            value: retention.raw_hours,
          },
          {
            name: "minute_days",
            label: "Per minute, days",
            kind: "number",
            value: retention.minute_days,
          },
          {
            name: "hour_days",
            label: "Per hour, days",
            kind: "number",
            value: retention.hour_days,
          },
        ]}
      />
    </>
  );
}
