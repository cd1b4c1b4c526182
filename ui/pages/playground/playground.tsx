/** Talk to a model as an application would, and see how fast it answers. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Copyable } from "../../copy.tsx";
import { Dialog } from "../../dialog.tsx";
import { search } from "../../navigation.ts";
import { Empty, Loaded } from "../../notice.tsx";
import { Heading } from "../../panel.tsx";
import { endpointsQuery, modelsQuery } from "../../queries.ts";
import { useRemote } from "../../remote.ts";
import { type Choice, choicesOf } from "./choices.ts";
import { Composer } from "./composer.tsx";
import { change, clear, draft, said, settings, turns } from "./conversation.ts";
import { chatRequest, curlLine } from "./request.ts";
import { SettingsFields } from "./settings.tsx";
import { Transcript } from "./transcript.tsx";

export function PlaygroundPage() {
  const models = useRemote(modelsQuery);
  const endpoints = useRemote(endpointsQuery).data.value?.data ?? [];
  return (
    <div class="playground">
      <Heading title="Playground" about="Kept in this page's memory only.">
        <CurlButton />
        <button type="button" onClick={clear} disabled={turns.value.length === 0}>
          Clear
        </button>
      </Heading>
      <Loaded from={models} what="models">
        {({ data }) => <Talk models={choicesOf(data, endpoints)} />}
      </Loaded>
    </div>
  );
}

function Talk({ models }: { models: readonly Choice[] }) {
  const wide = matchMedia("(min-width: 64rem)").matches;
  const names = models.map(({ id }) => id).join("\n");
  // Chosen again when the list or the address changes.
  useEffect(() => {
    const model = chosen(models, new URLSearchParams(search.value).get("model"));
    if (model !== settings.peek().model) change({ model });
  }, [names, search.value]);

  if (models.length === 0) {
    return (
      <Empty title="There is no model to talk to">
        <p>
          The <a href="/">overview</a> says how to add one.
        </p>
      </Empty>
    );
  }
  return (
    <div class="talk">
      <details class="talk-settings" open={wide}>
        <summary>Settings</summary>
        <SettingsFields models={models} />
      </details>
      <div class="talk-main">
        <Transcript />
        <Composer />
      </div>
    </div>
  );
}

/** The one asked for by the address, else the present one, else one that would answer. */
function chosen(models: readonly Choice[], wanted: string | null): string {
  const present = settings.peek().model;
  const known = [wanted, present].find((name) => models.some(({ id }) => id === name));
  return known ?? (models.find(({ ready_replicas }) => ready_replicas > 0) ?? models[0])?.id ?? "";
}

function CurlButton() {
  const open = useSignal(false);
  const close = () => {
    open.value = false;
  };
  return (
    <>
      <button
        type="button"
        onClick={() => {
          open.value = true;
        }}
      >
        Show as curl
      </button>
      {open.value && (
        <Dialog title="This request as curl" onClose={close}>
          <p>
            Put a key of yours into <code>HYPERVIZE_API_KEY</code>; the{" "}
            <a href="/keys">keys page</a> makes one.
          </p>
          <Copyable label="Copy command" text={nextRequest()} />
          <div class="buttons">
            <button type="button" onClick={close}>
              Close
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}

function nextRequest(): string {
  const body = chatRequest(settings.value, said(), draft.value || "Hello!");
  return curlLine(location.origin, "$HYPERVIZE_API_KEY", body);
}
