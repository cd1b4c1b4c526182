/**
 * A page that was built from an HTML file, and how it is answered with. In the compiled binary the HTML import is a
 * list of files that were built and embedded with it; run from source it is a path, and the same build happens here
 * at start.
 */
import type { HTMLBundle } from "bun";

interface Built {
  name: string;
  type: string;
  body: Uint8Array<ArrayBuffer>;
}

export interface Served {
  plain: Uint8Array<ArrayBuffer>;
  /** Compressed when it is first asked for, then kept. */
  zipped(): Uint8Array<ArrayBuffer>;
  headers: Record<string, string>;
}

export interface PageFiles {
  html: string;
  /** By path. */
  assets: ReadonlyMap<string, Served>;
}

export async function loadPage(page: HTMLBundle): Promise<PageFiles> {
  const built = page.files ? await embedded(page.files) : await bundled(page.index);
  const index = built.find(({ name }) => name.endsWith(".html"));
  if (!index) throw new Error("A page was not built: its HTML is missing.");
  const assets = built
    .filter((file) => file !== index)
    .map((file) => [`/${file.name}`, served(file.body, file.type, assetHeaders(file))] as const);
  return { html: new TextDecoder().decode(index.body), assets: new Map(assets) };
}

function embedded(files: NonNullable<HTMLBundle["files"]>): Promise<Built[]> {
  return Promise.all(
    files.map(async ({ path, headers }) => ({
      name: nameOf(path),
      type: headers["content-type"],
      body: await Bun.file(path).bytes(),
    })),
  );
}

async function bundled(index: string): Promise<Built[]> {
  const { outputs } = await Bun.build({
    entrypoints: [index],
    minify: true,
    splitting: true,
    define: { "process.env.NODE_ENV": '"production"' },
    publicPath: "/",
    naming: { asset: "[name]-[hash].[ext]", chunk: "[name]-[hash].[ext]" },
  });
  return Promise.all(
    outputs.map(async (output) => ({
      name: nameOf(output.path),
      type: output.type,
      body: new Uint8Array(await output.arrayBuffer()),
    })),
  );
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

export function served(
  body: Uint8Array<ArrayBuffer>,
  type: string,
  headers: Record<string, string>,
): Served {
  let zipped: Uint8Array<ArrayBuffer> | undefined;
  return {
    plain: body,
    zipped() {
      zipped ??= Bun.gzipSync(body, { level: 9 });
      return zipped;
    },
    headers: {
      ...headers,
      "content-type": type,
      "x-content-type-options": "nosniff",
      vary: "accept-encoding",
    },
  };
}

/** Every asset's name holds the hash of its content, so what is under a name never changes. */
function assetHeaders({ name }: Built): Record<string, string> {
  if (!/-[a-z0-9]{8}\.[a-z0-9]+$/.test(name)) throw new Error(`${name} has no hash in its name.`);
  return { "cache-control": "public, max-age=31536000, immutable" };
}

/** POLICY_OF: the page as it was built, whose inline script may run, where something was put into it since. */
export function pageHeaders(html: string, policy_of = html): Record<string, string> {
  return {
    "cache-control": "no-cache",
    etag: `"${Bun.hash(html).toString(36)}"`,
    "content-security-policy": policy(policy_of),
    "referrer-policy": "same-origin",
    "x-frame-options": "DENY",
  };
}

/** Nothing from elsewhere, no inline style, and inline only the very script that the page was built with. */
function policy(html: string): string {
  const scripts = [...html.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(
    ([, text = ""]) => `'sha256-${new Bun.CryptoHasher("sha256").update(text).digest("base64")}'`,
  );
  return [
    "default-src 'none'",
    ["script-src 'self'", ...scripts].join(" "),
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");
}

export function respond(request: Request, file: Served, status: number): Response {
  const { etag } = file.headers;
  if (status === 200 && etag && tagsOf(request.headers.get("if-none-match")).includes(etag)) {
    return new Response(null, { status: 304, headers: file.headers });
  }
  const zip = /\bgzip\b/.test(request.headers.get("accept-encoding") ?? "");
  return new Response(zip ? file.zipped() : file.plain, {
    status,
    headers: { ...file.headers, ...(zip && { "content-encoding": "gzip" }) },
  });
}

/** A list, and a proxy that zips what passes marks its tags as weak (RFC 9110 13.1.2). */
const tagsOf = (header: string | null): string[] =>
  (header ?? "").split(",").map((tag) => tag.trim().replace(/^W\//, ""));

export function wantsPage(request: Request, pathname: string): boolean {
  if (/^\/(?:api|v1|metrics)(?:\/|$)/.test(pathname)) return false;
  return (request.headers.get("accept") ?? "").includes("text/html");
}
