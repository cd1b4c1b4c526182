/** How endpoints may be called. Pure. */
import { badRequest } from "../../../shared/failure.ts";

/** Throws a 400. A name that looks like an id would stand for another endpoint. */
export function checkedName(name: string): string {
  if (/^[a-z0-9][a-z0-9-]{0,62}$/.test(name) && !name.startsWith("endpt-")) return name;
  throw badRequest(
    "`name` has 1 to 63 of a-z, 0-9 and -, and begins neither with - nor with endpt-.",
    "name",
  );
}

/** For an endpoint without a name: what its model is called, and SUFFIX. */
export function defaultName(model: string, suffix: string): string {
  const file =
    model
      .split("@")[0]
      ?.split(/[/:]/)
      .findLast((part) => /[A-Za-z0-9]/.test(part)) ?? "";
  const word = file
    .toLowerCase()
    .replace(/\.gguf$/, "")
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 48)
    .replace(/^-+|-+$/g, "");
  return `${word === "" || word.startsWith("endpt") ? "model" : word}-${suffix}`;
}
