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

/** The proxy on the way to a service elsewhere, as Bun's fetch chooses it. */
export function proxyFor(address: string, env: Env): string | undefined {
  const url = URL.parse(address);
  if (url === null || isHere(url)) return undefined;
  const of = (name: string) => env[name.toLowerCase()] || env[name];
  const spared = (of("NO_PROXY") ?? "").split(",").map((entry) => entry.trim());
  if (spared.some((entry) => spares(entry.toLowerCase(), url))) return undefined;
  return of(url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY") || of("ALL_PROXY");
}

/** ENTRY is `*`, a network, or a host, which stands for those below it, too; a port narrows it. */
function spares(entry: string, { protocol, port, hostname }: URL): boolean {
  const [network = "", bits] = entry.split("/");
  if (bits !== undefined) return contains(network, Number(bits), hostname);
  if (entry === "*") return true;
  const [, named = "", at] = (!isIPv6(entry) && /^(.*):(\d+)$/.exec(entry)) || [entry, entry];
  if (at !== undefined && at !== (port || (protocol === "https:" ? "443" : "80"))) return false;
  const name = isIPv6(named) ? `[${named}]` : named.replace(/^\./, "");
  return name !== "" && (hostname === name || hostname.endsWith(`.${name}`));
}

function contains(network: string, bits: number, hostname: string): boolean {
  const address = hostname.replace(/^\[(.*)\]$/, "$1");
  const family = isIP(network);
  if (family === 0 || family !== isIP(address)) return false;
  const list = new BlockList();
  const type = family === 6 ? "ipv6" : "ipv4";
  try {
    list.addSubnet(network, bits, type);
  } catch {
    return false;
  }
  return list.check(address, type);
}

function decoded(word: string): string {
  try {
    return decodeURIComponent(word);
  } catch {
    return word;
  }
}

/** Where a proxy is, and what it wants to hear. */
export interface ProxyPlace {
  host: string;
  port: number;
  /** The value of the proxy-authorization header; empty: none. */
  authorization: string;
  /** What is spoken to it is plain HTTP. Without that it is not one that we can use. */
  is_http: boolean;
}

/** That on the way to ADDRESS, as the environment has it. */
export function proxyTo(address: string, env: Env): ProxyPlace | undefined {
  const proxy = proxyFor(address, env);
  return proxy === undefined ? undefined : proxyPlace(proxy);
}

/** Of an address such as `http://user:password@proxy:3128`, or the same without a scheme. */
function proxyPlace(address: string): ProxyPlace {
  const url = URL.parse(address.includes("://") ? address : `http://${address}`);
  const { protocol = "", hostname = "", port = "", username = "", password = "" } = url ?? {};
  const account = [username, password].map(decoded).join(":");
  return {
    host: hostname.replace(/^\[(.*)\]$/, "$1"),
    port: Number(port) || 80,
    authorization: account === ":" ? "" : `Basic ${Buffer.from(account).toString("base64")}`,
    is_http: protocol === "http:",
  };
}
