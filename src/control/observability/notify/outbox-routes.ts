import { t } from "elysia";
import type { Guard } from "../../../shared/access.ts";
import { Failure } from "../../../shared/failure.ts";
import { newId } from "../../../shared/identifier.ts";
import { closed, routesFor, told, wholeInQuery } from "../../route-schema.ts";
import { whole } from "../../whole.ts";
import type { Channel, ChannelName } from "./channel.ts";
import { messageOf } from "./message.ts";
import type { Notice } from "./notice.ts";
import type { Outbox, OutboxRow } from "./outbox.ts";
import { placeOf } from "./webhook.ts";

/** One row of the outbox, as an admin may see it. */
export interface NotificationView {
  id: string;
  channel: ChannelName;
  /** Addresses, or scheme and host of the webhook. */
  target: string;
  kind: Notice["kind"];
  subject: string;
  state: "waiting" | "sent" | "given_up";
  created_at: number;
  attempts: number;
  /** Null when it is not tried any more. */
  next_attempt_at: number | null;
  sent_at: number | null;
  given_up: string | null;
  /** What the other side said to the last try that it did not accept. */
  last_error: string | null;
}

export interface OutboxRouteParts {
  outbox: Pick<Outbox, "list">;
  channels: Readonly<Record<ChannelName, Channel>>;
  guard: Guard;
  now(): number;
}

const rows = [1, 500] as const;
const rows_default = 100;

/** `GET /api/notifications?limit` and `POST /api/settings/test`. */
export function outboxRoutes({ outbox, channels, guard, now }: OutboxRouteParts) {
  return routesFor(guard, "admin", "Settings")
    .get(
      "/api/notifications",
      ({ query: { limit = rows_default } }) => ({
        data: outbox.list(whole("limit", limit, ...rows)).map(viewOf),
      }),
      {
        ...told("List the newest notices, with what became of them."),
        query: t.Object({ limit: wholeInQuery(rows) }),
      },
    )
    .post(
      "/api/settings/test",
      async ({ body, caller, request }) => {
        const notice: Notice = { kind: "test", at: now(), asked_by: caller.email };
        const channel = channels[body.channel];
        const target = channel.target(notice);
        if (target === "") throw notSetUp(body.channel);
        const delivery = { id: newId("ntc"), target, notice };
        const { accepted, detail } = await channel.deliver(delivery, request.signal);
        if (accepted) return { accepted, detail };
        throw new Failure(502, `The test was not accepted. ${ended(detail)}`, {
          code: "not_accepted",
        });
      },
      {
        ...told("Send a test notice over a channel.", {
          200: "It was accepted.",
          409: "The channel is not set up.",
          502: "The other side did not accept it.",
        }),
        body: t.Object({ channel: t.Union([t.Literal("mail"), t.Literal("webhook")]) }, closed),
      },
    );
}

function viewOf({ notice, ...row }: OutboxRow): NotificationView {
  const { id, channel, created_at, attempts, sent_at, given_up, last_error } = row;
  const over = sent_at === null ? given_up && "given_up" : "sent";
  return {
    id,
    channel,
    target: channel === "webhook" ? placeOf(row.target) : row.target.replaceAll(",", ", "),
    kind: notice.kind,
    subject: messageOf(notice, "").subject,
    state: over || "waiting",
    created_at,
    attempts,
    next_attempt_at: over ? null : row.next_attempt_at,
    sent_at,
    given_up,
    last_error,
  };
}

function notSetUp(channel: ChannelName): Failure {
  const needed = channel === "mail" ? "a server and a sender" : "a URL";
  return new Failure(409, `Save ${needed} for the ${channel} channel first.`, {
    code: "channel_not_set_up",
  });
}

const ended = (sentence: string): string => (/[.!]$/.test(sentence) ? sentence : `${sentence}.`);
