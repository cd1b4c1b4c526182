/** The keys, those in use first; ended ones only when asked for. */
import { useSignal } from "@preact/signals";
import type { KeyView } from "../../../src/app/control-api.ts";
import { Badge } from "../../badge.tsx";
import { date, until } from "../../format.ts";
import { limitsInWords } from "../../limits.ts";
import { now } from "../../now.ts";
import { can, isAdmin } from "../../session.ts";
import { type Column, Table } from "../../table.tsx";

interface KeyTableProps {
  keys: readonly KeyView[];
  change(key: KeyView): void;
  remove(key: KeyView): void;
}

type State = "active" | "expired" | "revoked";

function stateOf(key: KeyView, at: number): State {
  if (key.revoked_at !== null) return "revoked";
  return key.expires_at !== null && key.expires_at <= at ? "expired" : "active";
}

const tones = { active: "good", expired: "warn", revoked: "quiet" } as const;

const columns: readonly Column<KeyView>[] = [
  {
    name: "Name",
    cell: ({ name, scope }) => (
      <span>
        <strong>{name}</strong>
        {scope === "admin" && <span class="detail"> admin</span>}
      </span>
    ),
  },
  { name: "Key", class: "mono unbroken", cell: ({ prefix, last4 }) => `${prefix}…${last4}` },
  { name: "Owner", cell: ({ user_email }) => user_email },
  { name: "Limits", cell: (key) => limitsInWords(key, key.spent_this_month) || "–" },
  { name: "Created", class: "unbroken", cell: ({ created_at }) => date(created_at) },
  {
    name: "Expires",
    cell: ({ expires_at }) => (expires_at === null ? "never" : until(expires_at, now.value)),
  },
  {
    name: "State",
    cell: (key) => {
      const state = stateOf(key, now.value);
      return <Badge tone={tones[state]}>{state}</Badge>;
    },
  },
];

export function KeyTable({ keys, change, remove }: KeyTableProps) {
  const showEnded = useSignal(false);
  const isActive = (key: KeyView) => stateOf(key, now.value) === "active";
  const active = keys.filter(isActive);
  const ended = keys.filter((key) => !isActive(key));
  return (
    <>
      <Table
        rows={showEnded.value ? [...active, ...ended] : active}
        id={({ id }) => id}
        columns={columns.filter(({ name }) => name !== "Owner" || isAdmin.value)}
        rowClass={(key) => (isActive(key) ? "" : "ended")}
        actions={(key) => {
          if (key.revoked_at !== null) return [];
          const revoke = ["Revoke", `Revoke ${key.name}`, () => remove(key)] as const;
          if (!can("member")) return [revoke];
          return [["Limits", `Limits of ${key.name}`, () => change(key)], revoke];
        }}
      />
      {active.length === 0 && !showEnded.value && <p class="table-note">No key is active.</p>}
      {ended.length > 0 && (
        <label class="table-note check">
          <input
            type="checkbox"
            checked={showEnded.value}
            onChange={(event) => {
              showEnded.value = event.currentTarget.checked;
            }}
          />
          Show revoked and expired ({ended.length})
        </label>
      )}
    </>
  );
}
