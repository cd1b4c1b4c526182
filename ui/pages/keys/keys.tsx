/** API keys: who has which, new ones, and ending them. */
import { useSignal } from "@preact/signals";
import type { KeyView } from "../../../src/app/control-api.ts";
import { revokeKey } from "../../api.ts";
import { plural } from "../../format.ts";
import { keysQuery } from "../../queries.ts";
import { useRemote } from "../../remote.ts";
import { type ResourceForm, ResourcePanel } from "../../resource-panel.tsx";
import { can, isAdmin } from "../../session.ts";
import { ChangeKey } from "./change-key.tsx";
import { CreateKey } from "./create-key.tsx";
import { KeyTable } from "./key-table.tsx";

export function KeysPage() {
  const said = useSignal("");
  const create = can("member") ? "Create key" : undefined;
  return (
    <ResourcePanel
      title="API keys"
      page={{
        title: "Keys",
        about: isAdmin.value
          ? "Everybody's API keys."
          : "Your API keys. Applications send one with every request.",
      }}
      what="keys"
      from={useRemote(keysQuery)}
      add={create}
      empty={[
        "No key yet",
        create
          ? "Create one, give it to an application, and see its requests on the usage page."
          : "Your role cannot create keys. Ask an admin.",
      ]}
      notice={
        <p class="result" role="status">
          {said}
        </p>
      }
      form={KeyForm}
      removal={{
        title: ({ name }) => `Revoke “${name}”?`,
        verb: "Revoke key",
        busy: "Revoking…",
        act: async ({ id, name }) => {
          const { streams_cut } = await revokeKey(id);
          said.value = `“${name}” is revoked. ${cutSentence(streams_cut)}`;
        },
        about: ({ prefix, last4 }) => (
          <>
            Requests with <code>{`${prefix}…${last4}`}</code> fail from now on, and its open streams
            are cut. This cannot be undone.
          </>
        ),
      }}
    >
      {(keys, open) => <KeyTable keys={keys} {...open} />}
    </ResourcePanel>
  );
}

function KeyForm({ of, ...does }: ResourceForm<KeyView>) {
  return of === "new" ? <CreateKey {...does} /> : <ChangeKey of={of} {...does} />;
}

function cutSentence(streams: number): string {
  if (streams === 0) return "It had no open stream.";
  return `${plural(streams, "open stream")} ${streams === 1 ? "was" : "were"} cut.`;
}
