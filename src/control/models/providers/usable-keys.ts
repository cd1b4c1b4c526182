import type { ProviderRow } from "./provider.ts";
import type { Providers } from "./providers.ts";

/**
 * The key of a provider, or null when it cannot be read. Such a provider is passed over, which LOG hears once; the
 * rest of the shared models go on.
 */
export function usableKeys(
  providers: Pick<Providers, "keyOf">,
  log: (line: string) => void,
): (provider: ProviderRow) => string | null {
  const unreadable = new WeakSet<ProviderRow>();
  return (provider) => {
    try {
      return providers.keyOf(provider);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (!unreadable.has(provider)) log(`${provider.name} is not used. ${why}`);
      unreadable.add(provider);
      return null;
    }
  };
}
