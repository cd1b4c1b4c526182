/**
 * Wall clock for what is stored or shown, a clock that never goes back for what is measured. The steady one begins at 0
 * with the process, so that nobody takes it for a date: a wrong clock at the start, or a machine that slept, would
 * misdate every row until a restart.
 */
export const clock = {
  now: () => Date.now(),
  steady: () => performance.now(),
};
