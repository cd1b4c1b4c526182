/** The turns so far. It follows a growing answer until the reader scrolls away. */
import { useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { turns } from "./conversation.ts";
import { TurnView } from "./turn.tsx";

const near_px = 80;

const distanceToEnd = (): number => {
  const { scrollHeight, clientHeight } = document.documentElement;
  return scrollHeight - clientHeight - scrollY;
};

export function Transcript() {
  const following = useRef(true);
  useEffect(() => {
    const scrolled = () => {
      following.current = distanceToEnd() < near_px;
    };
    addEventListener("scroll", scrolled, { passive: true });
    return () => removeEventListener("scroll", scrolled);
  }, []);

  const amount = turns.value.length;
  // A new turn is always shown.
  useEffect(() => {
    if (amount === 0) return;
    following.current = true;
    scrollTo(0, document.documentElement.scrollHeight);
  }, [amount]);

  useSignalEffect(() => {
    void turns.value.at(-1)?.answer.value;
    if (following.current && turns.value.length > 0) {
      requestAnimationFrame(() => scrollTo(0, document.documentElement.scrollHeight));
    }
  });

  return (
    <div class="transcript" role="log" aria-live="polite" aria-label="Conversation">
      {amount === 0 && <p class="hint">Ask something. Enter sends, Shift+Enter breaks the line.</p>}
      {turns.value.map((turn) => (
        <TurnView key={turn.id} turn={turn} />
      ))}
    </div>
  );
}
