/** A page whose code is fetched when it is first looked at, so that the first one is here sooner. */
import { useSignal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { ApiProblem } from "./api.ts";
import { Problem, Waiting } from "./notice.tsx";

/** As for pages that are there at once: a reader hears which page it is. */
const focusHeading = (): void =>
  document.querySelector<HTMLElement>("main h1")?.focus({ preventScroll: true });

/** WHAT is said while it is waited for. Once fetched it is there at once. */
export function later(what: string, load: () => Promise<ComponentType>): ComponentType {
  let here: ComponentType | undefined;
  return function Later() {
    const page = useSignal(here && { Page: here });
    const failed = useSignal(false);
    async function fetchPage(): Promise<void> {
      failed.value = false;
      try {
        here = await load();
        page.value = { Page: here };
      } catch {
        failed.value = true;
      }
    }
    useEffect(() => {
      if (!page.value) void fetchPage().then(focusHeading);
    }, []);
    if (page.value) return <page.value.Page />;
    if (!failed.value) return <Waiting what={what} />;
    const problem = new ApiProblem(
      "This page could not be fetched. Check that the appliance runs, then try again.",
    );
    return <Problem problem={problem} retry={() => void fetchPage()} />;
  };
}
