/** Providers as a part of the shared models: which of its models they serve, and where. Pure. */
import type { ProxyPlace } from "../../../../agent/contract/proxy.ts";
import type { ProviderRow } from "./provider.ts";

/** A place where a provider serves a model, as routing takes it. */
export interface ProviderReplica {
  id: string;
  host: string;
  port: number;
  provider: {
    tls: { server_name: string } | null;
    base_path: string;
    authorization: string;
    proxy?: ProxyPlace;
  };
  runtime: "provider";
  model: string;
  slots: number;
  overflow?: true;
}

/** What is needed of a shared model. */
interface Pooled<Replica> {
  id: string;
  name: string;
  created_at: number;
  ready: readonly Replica[];
  reason: string | null;
  endpoint: null;
}

/**
 * MODELS that are shared, and those that only providers serve. A shared model bursts out where its
 * provider's entry allows it; KEYOF opens a provider's key, or gives null where that cannot be done; PROXYTO is what
 * leads to a provider's address.
 */
export function withProviders<Replica>(
  models: readonly Pooled<Replica>[],
  providers: readonly ProviderRow[],
  keyOf: (provider: ProviderRow) => string | null,
  proxyTo: (base_url: string) => ProxyPlace | undefined = () => undefined,
): Pooled<Replica | ProviderReplica>[] {
  const joined = new Map<string, Pooled<Replica | ProviderReplica>>(
    models.map((model) => [model.name, model]),
  );
  const own = new Set(joined.keys());
  for (const provider of providers.filter(({ enabled }) => enabled)) {
    const key = keyOf(provider);
    if (key === null) continue;
    for (const { name, upstream, burst } of provider.models) {
      const isOwn = own.has(name);
      if (isOwn && !burst) continue;
      const proxy = proxyTo(provider.base_url);
      const replica = replicaOf(provider, { upstream, key, overflow: isOwn, proxy });
      const before = joined.get(name) ?? {
        id: `${provider.id}/${name}`,
        name,
        created_at: provider.created_at,
        ready: [],
        reason: null,
        endpoint: null,
      };
      joined.set(name, { ...before, ready: [...before.ready, replica] });
    }
  }
  return [...joined.values()];
}

function replicaOf(
  { id, base_url, slots }: ProviderRow,
  {
    upstream,
    key,
    overflow,
    proxy,
  }: { upstream: string; key: string; overflow: boolean; proxy: ProxyPlace | undefined },
): ProviderReplica {
  const url = new URL(base_url);
  const isTls = url.protocol === "https:";
  const host = url.hostname.replace(/^\[|\]$/g, "");
  return {
    // The same for all of its models: its slots are those of the service, and so are its failures.
    id,
    host,
    port: Number(url.port) || (isTls ? 443 : 80),
    provider: {
      tls: isTls ? { server_name: host } : null,
      // Our own paths begin with the version, and so does what a provider's address ends with.
      base_path: url.pathname.replace(/\/+$/, ""),
      authorization: key === "" ? "" : `Bearer ${key}`,
      ...(proxy && { proxy }),
    },
    runtime: "provider",
    model: upstream,
    slots,
    ...(overflow && { overflow }),
  };
}
