/** Light or dark: the system's choice until a person makes one, which this browser remembers. */
import { computed, effect, signal } from "@preact/signals";

type Scheme = "light" | "dark";

/** Also read by the inline script of index.html, before the first paint. */
const storage_key = "color-scheme";

const system = matchMedia("(prefers-color-scheme: dark)");
const systemScheme = signal<Scheme>(system.matches ? "dark" : "light");
system.addEventListener("change", ({ matches }) => {
  systemScheme.value = matches ? "dark" : "light";
});

const chosen = signal<Scheme | null>(remembered());

export const scheme = computed(() => chosen.value ?? systemScheme.value);

function remembered(): Scheme | null {
  try {
    const found = localStorage.getItem(storage_key);
    return found === "light" || found === "dark" ? found : null;
  } catch {
    return null;
  }
}

/** The other one. Choosing what the system says anyway means to follow the system again. */
export function toggleScheme(): void {
  const next = scheme.value === "dark" ? "light" : "dark";
  chosen.value = next === systemScheme.value ? null : next;
  try {
    if (chosen.value) localStorage.setItem(storage_key, chosen.value);
    else localStorage.removeItem(storage_key);
  } catch {
    // Storage is blocked: the choice holds for this page.
  }
}

effect(() => {
  if (chosen.value) document.documentElement.dataset["scheme"] = chosen.value;
  else delete document.documentElement.dataset["scheme"];
});
