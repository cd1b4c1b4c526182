/** A line through measured points. Pure. */

export type Point = readonly [at: number, mean: number, min: number, max: number];

/** Path of an SVG line in a box of WIDTH × HEIGHT; a gap of more than two intervals breaks it. */
export function pathOf(
  points: readonly Point[],
  { from, to, top, interval_ms }: { from: number; to: number; top: number; interval_ms: number },
  width: number,
  height: number,
): string {
  let last: number | undefined;
  return points
    .map(([at, mean]) => {
      const isNext = last !== undefined && at - last <= 2 * interval_ms;
      last = at;
      const x = ((at - from) / Math.max(1, to - from)) * width;
      const y = height - (Math.min(mean, top) / Math.max(top, Number.MIN_VALUE)) * height;
      return `${isNext ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
    })
    .join("");
}
