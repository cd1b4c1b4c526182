/**
 * Serves the dashboard. In the compiled binary the HTML import is a list of files that were built and
 * embedded with it; run from source it is a path, and the same build happens here at start.
 *
 * They are served by hand, not as a Bun route: a route gives no say over headers, and its wildcard
 * answers 200 for addresses that do not exist.
 */
import page from "../../ui/index.html";
import { pathOf } from "../../ui/route.ts";

/** Null for what is not the dashboard's: the API answers that, also with its 404. */
export type Dashboard = (request: Request) => Response | null;

interface Built {
  name: string;
  type: string;
  body: Uint8Array<ArrayBuffer>;
}

interface Served {
  plain: Uint8Array<ArrayBuffer>;
  /** Compressed when it is first asked for, then kept. */
  zipped(): Uint8Array<ArrayBuffer>;
  headers: Record<string, string>;
}

export async function loadDashboard(): Promise<Dashboard> {
  const built = page.files ? await embedded(page.files) : await bundled(page.index);
  const index = built.find(({ name }) => name.endsWith(".html"));
  if (!index) throw new Error("The dashboard was not built: its page is missing.");
  const html = served(index, pageHeaders(new TextDecoder().decode(index.body)));
  const assets = new Map(
    built
      .filter((file) => file !== index)
      .map((file) => [`/${file.name}`, served(file, assetHeaders(file))]),
  );

  return (request) => {
    if (request.method !== "GET" && request.method !== "HEAD") return null;
    const { pathname } = new URL(request.url);
    const asset = assets.get(pathname);
    if (asset) return respond(request, asset, 200);
    if (pathOf(pathname) !== undefined) return respond(request, html, 200);
    // A person who mistyped an address gets a page that says so; a program gets the API's 404.
    return wantsPage(request, pathname) ? respond(request, html, 404) : null;
  };
}

function embedded(files: NonNullable<typeof page.files>): Promise<Built[]> {
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

function served({ body, type }: Built, headers: Record<string, string>): Served {
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

function pageHeaders(html: string): Record<string, string> {
  return {
    "cache-control": "no-cache",
    etag: `"${Bun.hash(html).toString(36)}"`,
    "content-security-policy": policy(html),
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

function respond(request: Request, file: Served, status: number): Response {
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

function wantsPage(request: Request, pathname: string): boolean {
  if (/^\/(?:api|v1|metrics)(?:\/|$)/.test(pathname)) return false;
  return (request.headers.get("accept") ?? "").includes("text/html");
}
