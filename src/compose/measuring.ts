export function composeMeasuring(_: unknown) {
  return {
    observeRequest(_m: unknown) {},
    recentTtft: (_id: string, _w: number): number | null => null,
    observeWake(_d: string, _ms: number) {},
    seriesFor: (_id: string, _q: unknown) => ({
      resolution: "raw" as const,
      interval_ms: 10_000,
      series: [],
    }),
    start() {},
    stop() {},
  };
}
