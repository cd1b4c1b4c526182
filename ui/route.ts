/** The dashboard's addresses. Pure: the server reads this list too, to know its deep links. */

export const paths = [
  "/",
  "/login",
  "/playground",
  "/models",
  "/endpoints",
  "/keys",
  "/routing",
  "/usage",
  "/hosts",
  "/users",
  "/settings",
] as const;

export type Path = (typeof paths)[number];

/** The page at a pathname; one slash at the end is forgiven. */
export function pathOf(pathname: string): Path | undefined {
  return paths.find((path) => pathname === path || (path !== "/" && pathname === `${path}/`));
}

/** Where to sign in, and to return from there to TARGET (path and query). */
export function loginFor(target: string): string {
  return target === "/" || target.startsWith("/login")
    ? "/login"
    : `/login?next=${encodeURIComponent(target)}`;
}

/**
 * Where to go after signing in. Only our own pages: a link may carry any `next`, and
 * `//elsewhere` or `/\elsewhere` would leave the site (CWE-601).
 */
export function targetAfterLogin(search: string): string {
  const next = new URLSearchParams(search).get("next") ?? "/";
  const [pathname = "/"] = next.split(/[?#]/);
  const path = pathOf(pathname);
  return path === undefined || path === "/login" ? "/" : next;
}
