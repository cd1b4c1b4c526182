/**
 * Serves the dashboard.
 *
 * It is served by hand, not as a Bun route: a route gives no say over headers, and its wildcard answers 200
 * for addresses that do not exist.
 */
import page from "../../ui/index.html";
import { pathOf } from "../../ui/route.ts";
import { loadPage, pageHeaders, respond, served, wantsPage } from "./page-files.ts";

/** Null for what is not the dashboard's: the API answers that, also with its 404. */
export type Dashboard = (request: Request) => Response | null;

export async function loadDashboard(): Promise<Dashboard> {
  const { html, assets } = await loadPage(page);
  const index = served(
    new TextEncoder().encode(html),
    "text/html;charset=utf-8",
    pageHeaders(html),
  );

  return (request) => {
    if (request.method !== "GET" && request.method !== "HEAD") return null;
    const { pathname } = new URL(request.url);
    const asset = assets.get(pathname);
    if (asset) return respond(request, asset, 200);
    if (pathOf(pathname) !== undefined) return respond(request, index, 200);
    // A person who mistyped an address gets a page that says so; a program gets the API's 404.
    return wantsPage(request, pathname) ? respond(request, index, 404) : null;
  };
}
