/** Which page is shown: the browser's address as a signal, and links that do not reload. */
import { computed, signal } from "@preact/signals";
import { pathOf } from "./route.ts";

interface Place {
  pathname: string;
  search: string;
}

const place = (): Place => ({ pathname: location.pathname, search: location.search });
const here = signal<Place>(place());

export const page = computed(() => pathOf(here.value.pathname));
export const search = computed(() => here.value.search);
/** Path and query, as one can come back to it. */
export const target = computed(() => here.value.pathname + here.value.search);

export function navigate(to: string, how: "push" | "replace" = "push"): void {
  if (how === "push") history.pushState(null, "", to);
  else history.replaceState(null, "", to);
  here.value = place();
  scrollTo(0, 0);
}

/** Plain `<a href>` to our pages become client-side; everything else is left to the browser. */
export function startNavigation(): void {
  addEventListener("popstate", () => {
    here.value = place();
  });
  document.addEventListener("click", (event) => {
    const to = ownTarget(event);
    if (to === undefined) return;
    event.preventDefault();
    navigate(to);
  });
}

function ownTarget(event: MouseEvent): string | undefined {
  const modified = event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
  if (modified || event.button !== 0 || event.defaultPrevented) return undefined;
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  if (!link || link.target || link.hasAttribute("download")) return undefined;
  if (link.origin !== location.origin || pathOf(link.pathname) === undefined) return undefined;
  // An in-page jump, as the skip link makes it.
  if (link.hash && link.pathname === location.pathname) return undefined;
  return link.pathname + link.search;
}
