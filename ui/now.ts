/** The page's clock, for "3 s ago", and whether anyone can see it. */
import { effect, signal } from "@preact/signals";

const tick_ms = 1_000;

export const visible = signal(!document.hidden);
/** Milliseconds since the epoch, about once a second while the page is visible. */
export const now = signal(Date.now());

document.addEventListener("visibilitychange", () => {
  visible.value = !document.hidden;
});

effect(() => {
  if (!visible.value) return undefined;
  now.value = Date.now();
  const timer = setInterval(() => {
    now.value = Date.now();
  }, tick_ms);
  return () => clearInterval(timer);
});
