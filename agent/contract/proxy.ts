/**
 * Which requests may go by a proxy of the environment (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY): the one place that decides
 * it. Bun's fetch sends everything there, loopback too, and NO_PROXY is the user's to set. So nobody else calls fetch;
 * the linter sees to it.
 */
import { BlockList, isIP, isIPv6 } from "node:net";
import { hostname, networkInterfaces } from "node:os";

type Env = Readonly<Record<string, string | undefined>>;

/** A request to a part of ours, wherever it runs. It carries our keys, and a proxy may not know the way. */
export function fetchOwn(url: string | URL, init: BunFetchRequestInit = {}): Promise<Response> {
  return fetch(url, { ...init, proxy: false });
}

/** A request to somebody else's service: as the environment says, but never where that is on this machine. */
export function fetchOutside(url: string | URL, init: BunFetchRequestInit = {}): Promise<Response> {
  return isHere(url) ? fetchOwn(url, init) : fetch(url, init);
}

const loopback = new BlockList();
// "This host on this network" (RFC 1122 3.2.1.3) is taken for loopback by connect(2).
loopback.addSubnet("0.0.0.0", 8, "ipv4");
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::", "ipv6");
loopback.addAddress("::1", "ipv6");

/** Whether URL leads to this machine. Names are not resolved: whoever asks a proxy may have no DNS. */
export function isHere(url: string | URL): boolean {
  const host = URL.parse(url)
    ?.hostname.replace(/^\[(.*)\]$/, "$1")
    .replace(/\.$/, "");
  if (host === undefined || host === "") return false;
  // RFC 6761 6.3; the ip6 names are those of Debian's /etc/hosts.
  if (/(?:^|\.)localhost$|^ip6-(?:localhost|loopback)$/.test(host)) return true;
  if (isIP(host) === 0) return host === hostname().toLowerCase();
  if (loopback.check(host, isIPv6(host) ? "ipv6" : "ipv4")) return true;
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return own.some(({ address }) => address === host);
}

/** Whether other programs would send plain HTTP to a proxy. */
export function isProxied(env: Env): boolean {
  return ["http_proxy", "all_proxy"].some((name) => env[name] || env[name.toUpperCase()]);
}

/** The proxy on the way to a service elsewhere: for words about it, as Bun's fetch chooses it. */
export function proxyFor(address: string, env: Env): string | undefined {
  if (isHere(address)) return undefined;
  const url = URL.parse(address);
  const of = (name: string) => env[name.toLowerCase()] || env[name];
  const spared = (of("NO_PROXY") ?? "").split(",").map((name) => name.trim().replace(/^\./, ""));
  const isSpared = spared.some(
    (name) =>
      name === "*" ||
      (name !== "" &&
        (url?.host === name || url?.hostname === name || url?.hostname.endsWith(`.${name}`))),
  );
  if (isSpared) return undefined;
  return of(url?.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY") || of("ALL_PROXY");
}
