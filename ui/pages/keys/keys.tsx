/** API keys: who has which, new ones, and ending them. */
import { useSignal } from "@preact/signals";
import type { KeyView } from "../../../src/app/control-api.ts";
import { Icon } from "../../icons.tsx";
import { Empty, Loaded } from "../../notice.tsx";
import { Heading, Panel } from "../../panel.tsx";
import { keysQuery } from "../../queries.ts";
import { useRemote } from "../../remote.ts";
import { can, isAdmin } from "../../session.ts";
import { ChangeKey } from "./change-key.tsx";
import { CreateKey } from "./create-key.tsx";
import { KeyTable } from "./key-table.tsx";
import { RevokeKey } from "./revoke-key.tsx";

export function KeysPage() {
  const keys = useRemote(keysQuery);
  const creating = useSignal(false);
  const revoking = useSignal<KeyView | null>(null);
  const changing = useSignal<KeyView | null>(null);
  const said = useSignal("");
  const create = can("member") ? (
    <CreateButton onClick={() => (creating.value = true)} />
  ) : undefined;
  return (
    <>
      <Heading
        title="Keys"
        about={
          isAdmin.value
            ? "Everybody's API keys."
            : "Your API keys. Applications send one with every request."
        }
      >
        {create}
      </Heading>
      <p class="result" role="status">
        {said}
      </p>
      <Panel title="API keys" flush untitled>
        <Loaded from={keys} what="keys">
          {({ data }) =>
            data.length === 0 ? (
              <Empty title="No key yet">
                <p>
                  {create
                    ? "Create one, give it to an application, and see its requests on the usage page."
                    : "Your role cannot create keys. Ask an admin."}
                </p>
              </Empty>
            ) : (
              <KeyTable
                keys={data}
                revoke={(key) => (revoking.value = key)}
                change={(key) => (changing.value = key)}
              />
            )
          }
        </Loaded>
      </Panel>
      {creating.value && (
        <CreateKey close={() => (creating.value = false)} created={() => keys.refresh()} />
      )}
      {changing.value && (
        <ChangeKey
          of={changing.value}
          close={() => (changing.value = null)}
          changed={keys.refresh}
        />
      )}
      {revoking.value && (
        <RevokeKey
          of={revoking.value}
          close={() => (revoking.value = null)}
          revoked={(sentence) => {
            said.value = sentence;
            revoking.value = null;
            keys.refresh();
          }}
        />
      )}
    </>
  );
}

function CreateButton({ onClick }: { onClick(): void }) {
  return (
    <button type="button" class="primary" onClick={onClick}>
      <Icon name="plus" />
      Create key
    </button>
  );
}
