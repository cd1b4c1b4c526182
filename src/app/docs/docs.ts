/**
 * The docs under `/docs`, for everybody who reaches the appliance, also without a network and without a login: they
 * are the text of the public repository. The list of routes on `/docs/api` is for who may read `/api/openapi.json`.
 */
import page from "../../../ui/docs.html";
import type { ApiDocument } from "../openapi.ts";
import { loadPage, pageHeaders, respond, type Served, served, wantsPage } from "../page-files.ts";
import { embeddedDocs } from "./embed.ts" with { type: "macro" };
import { htmlOf, titleOf } from "./markdown.ts";
import { referenceOf } from "./reference.ts";

export interface DocsParts {
  /** Null for a request that may not read it. */
  apiFor(request: Request): ApiDocument | null;
  /** By name; those of the program without it. */
  texts?: Readonly<Record<string, string>>;
}

/** Null for what is not under `/docs`, and not one of its files. */
export type Docs = (request: Request) => Response | null;

interface Page {
  name: string;
  title: string;
}

/** As they are read; pages that are not here come after. */
const order =
  "start requirements install hosts models api access operate air-gap trouble settings glossary";

export async function loadDocs({ apiFor, texts = embeddedDocs() }: DocsParts): Promise<Docs> {
  const { html, assets } = await loadPage(page);
  // Bun adds one to every page, here with nothing in it.
  const frame = html.replace(/<script type="module"[^>]*><\/script>/, "");
  const pages = inOrder(texts);
  const names = new Set(pages.map(({ name }) => name));
  const prose = (name: string): string => {
    const text = texts[name];
    return text === undefined ? "" : htmlOf(text, names);
  };

  function made(name: string, title: string, content: string, more = {}): Served {
    const links = pages.map(
      (each) =>
        `<a href="/docs/${each.name}"${each.name === name ? ' aria-current="page"' : ""}>${Bun.escapeHTML(each.title)}</a>`,
    );
    const html = frame
      .replace("%title%", () => Bun.escapeHTML(title))
      .replace("%pages%", () => links.join(""))
      .replace("%content%", () => content);
    const headers = { ...pageHeaders(html, frame), ...more };
    return served(new TextEncoder().encode(html), "text/html;charset=utf-8", headers);
  }

  /** Without a name the first. */
  function pageAt(pathname: string): Page | undefined {
    const [is, asked] = /^\/docs(?:\/([\w-]+))?\/?$/.exec(pathname) ?? [];
    if (is === undefined) return undefined;
    return asked === undefined ? pages[0] : pages.find(({ name }) => name === asked);
  }

  const kept = new Map<string, Served>();
  /** Each is made when it is first asked for. */
  function keep(key: string, make: () => Served): Served {
    const page = kept.get(key) ?? make();
    kept.set(key, page);
    return page;
  }

  function apiPage(request: Request, title: string): Served {
    const api = apiFor(request);
    const guest =
      '<h2 id="reference">Every route</h2><p><a href="/login">Sign in</a> and come back here to see every route, with its fields, bounds and roles.</p>';
    return keep(api ? "api" : "api for guests", () => {
      const above = prose("api") || "<h1>API</h1>";
      const content = above + (api ? referenceOf(api) : guest);
      return made("api", title, content, { "cache-control": "private, no-cache" });
    });
  }

  return (request) => {
    if (request.method !== "GET" && request.method !== "HEAD") return null;
    const { pathname } = new URL(request.url);
    const asset = assets.get(pathname);
    if (asset) return respond(request, asset, 200);
    const found = pageAt(pathname);
    if (found) {
      const { name, title } = found;
      if (name === "api") return respond(request, apiPage(request, title), 200);
      return respond(
        request,
        keep(name, () => made(name, title, prose(name))),
        200,
      );
    }
    if (!pathname.startsWith("/docs/") || !wantsPage(request, pathname)) return null;
    return respond(
      request,
      keep("", () => made("", "Not found", nowhere)),
      404,
    );
  };
}

const nowhere = "<h1>There is no such page</h1><p>The pages are beside this.</p>";

function inOrder(texts: Readonly<Record<string, string>>): Page[] {
  const known = order.split(" ");
  const place = (name: string): number => known.indexOf(name) + 1 || known.length + 1;
  const names = [...new Set([...Object.keys(texts), "api"])];
  return names
    .toSorted((a, b) => place(a) - place(b) || (a < b ? -1 : 1))
    .map((name) => ({
      name,
      title: name === "api" && !texts[name] ? "API" : titleOf(texts[name] ?? "", name),
    }));
}
