/** How a host joins: one command, with a token that works once. */
import { useSignal } from "@preact/signals";
import { useAction } from "../../action.ts";
import { createJoinToken, type JoinToken } from "../../api.ts";
import { Copyable } from "../../copy.tsx";
import { Dialog } from "../../dialog.tsx";
import { until } from "../../format.ts";
import { Icon } from "../../icons.tsx";
import { Empty, Problem } from "../../notice.tsx";
import { now } from "../../now.ts";
import { isAdmin } from "../../session.ts";

export function NoHosts() {
  return (
    <Empty title="No host has joined yet">
      <p>
        Models run on hosts. A host joins with <code>hypervize agent --join TOKEN</code>, and finds
        this appliance automatically.
      </p>
      {isAdmin.value ? <JoinCommand /> : <p>Ask an admin to add a host.</p>}
    </Empty>
  );
}

export function JoinHostButton() {
  const open = useSignal(false);
  return (
    <>
      <button
        type="button"
        class="small"
        onClick={() => {
          open.value = true;
        }}
      >
        <Icon name="plus" />
        Add host
      </button>
      {open.value && (
        <Dialog
          title="Add a host"
          onClose={() => {
            open.value = false;
          }}
        >
          <p>
            Run one command on the new host. It needs the <code>hypervize</code> binary, dials out
            to this appliance, and listens on port 8444 for requests from it alone.
          </p>
          <JoinCommand />
          <div class="buttons">
            <button
              type="button"
              onClick={() => {
                open.value = false;
              }}
            >
              Close
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}

function JoinCommand() {
  const token = useSignal<JoinToken | undefined>(undefined);
  const creating = useAction(async () => {
    token.value = await createJoinToken();
  });
  const made = token.value;
  if (made) {
    return (
      <div class="join">
        <p>Run this on the new host. It works once and ends {until(made.expires_at, now.value)}.</p>
        <Copyable label="Copy command" text={made.command} />
      </div>
    );
  }
  return (
    <div class="join">
      <button
        type="button"
        class="primary"
        disabled={creating.busy.value}
        onClick={() => creating.run()}
      >
        {creating.busy.value ? "Creating…" : "Create join token"}
      </button>
      {creating.problem.value && <Problem problem={creating.problem.value} />}
    </div>
  );
}
