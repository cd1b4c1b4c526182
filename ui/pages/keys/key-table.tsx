/** The keys, those in use first; ended ones only when asked for. */
import { useSignal } from "@preact/signals";
import type { KeyView } from "../../../src/app/control-api.ts";
import { Badge } from "../../badge.tsx";
import { date, until } from "../../format.ts";
import { limitsInWords } from "../../limits.ts";
import { now } from "../../now.ts";
import { can, isAdmin } from "../../session.ts";

interface KeyTableProps {
  keys: readonly KeyView[];
  revoke(key: KeyView): void;
  change(key: KeyView): void;
}

type State = "active" | "expired" | "revoked";

function stateOf(key: KeyView, at: number): State {
  if (key.revoked_at !== null) return "revoked";
  return key.expires_at !== null && key.expires_at <= at ? "expired" : "active";
}

export function KeyTable({ keys, ...does }: KeyTableProps) {
  const showEnded = useSignal(false);
  const active = keys.filter((key) => stateOf(key, now.value) === "active");
  const ended = keys.filter((key) => stateOf(key, now.value) !== "active");
  const shown = showEnded.value ? [...active, ...ended] : active;
  return (
    <>
      <table>
        <thead>
          <tr>
            <th>Name</th>
            <th>Key</th>
            {isAdmin.value && <th>Owner</th>}
            <th>Limits</th>
            <th>Created</th>
            <th>Expires</th>
            <th>State</th>
            <th>
              <span class="unseen">Action</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map((key) => (
            <KeyRow key={key.id} of={key} {...does} />
          ))}
        </tbody>
      </table>
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

const tones = { active: "good", expired: "warn", revoked: "quiet" } as const;

interface KeyRowProps extends Omit<KeyTableProps, "keys"> {
  of: KeyView;
}

function KeyRow({ of: key, revoke, change }: KeyRowProps) {
  const state = stateOf(key, now.value);
  return (
    <tr class={state === "active" ? "" : "ended"}>
      <td data-label="Name">
        <span>
          <strong>{key.name}</strong>
          {key.scope === "admin" && <span class="detail"> admin</span>}
        </span>
      </td>
      <td data-label="Key" class="mono unbroken">
        {key.prefix}…{key.last4}
      </td>
      {isAdmin.value && <td data-label="Owner">{key.user_email}</td>}
      <td data-label="Limits">{limitsInWords(key, key.spent_this_month) || "–"}</td>
      <td data-label="Created" class="unbroken">
        {date(key.created_at)}
      </td>
      <td data-label="Expires">
        {key.expires_at === null ? "never" : until(key.expires_at, now.value)}
      </td>
      <td data-label="State">
        <Badge tone={tones[state]}>{state}</Badge>
      </td>
      <td class="row-action">
        {key.revoked_at === null && (
          <>
            {can("member") && (
              <button
                type="button"
                class="small"
                aria-label={`Limits of ${key.name}`}
                onClick={() => change(key)}
              >
                Limits
              </button>
            )}{" "}
            <button
              type="button"
              class="small"
              aria-label={`Revoke ${key.name}`}
              onClick={() => revoke(key)}
            >
              Revoke
            </button>
          </>
        )}
      </td>
    </tr>
  );
}
