/** Where the next question is written. Enter sends, Shift+Enter breaks the line. */
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "../../icons.tsx";
import { answering, draft, send, settings, stop } from "./conversation.ts";

export function Composer() {
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => field.current?.focus({ preventScroll: true }), []);
  const ready = settings.value.model !== "" && draft.value.trim() !== "";

  function pressed(event: KeyboardEvent): void {
    // While an input method composes, Enter chooses a candidate.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send(draft.value);
  }

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send(draft.value);
        field.current?.focus();
      }}
    >
      <label class="unseen" for="message">
        Message
      </label>
      <textarea
        id="message"
        ref={field}
        rows={1}
        placeholder={
          settings.value.model ? `Message ${settings.value.model}` : "Choose a model first"
        }
        value={draft.value}
        onInput={(event) => {
          draft.value = event.currentTarget.value;
        }}
        onKeyDown={pressed}
      />
      {answering.value ? (
        <button type="button" class="round" aria-label="Stop" title="Stop" onClick={stop}>
          <Icon name="stop" />
        </button>
      ) : (
        <button
          type="submit"
          class="round primary"
          aria-label="Send"
          title="Send"
          disabled={!ready}
        >
          <Icon name="send" />
        </button>
      )}
    </form>
  );
}
