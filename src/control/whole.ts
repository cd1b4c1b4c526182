import { badRequest } from "../shared/failure.ts";

/** VALUE, where it is a whole number within bounds. Throws a 400 that names the field. */
export function whole(field: string, value: unknown, least: number, most: number): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) {
    return value;
  }
  throw badRequest(`\`${field}\` is a whole number from ${least} to ${most}.`, field);
}
