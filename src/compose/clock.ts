/** Wall clock for what is stored, a clock that never goes back for what is measured. */
export const clock = {
  now: () => Date.now(),
  steady: () => performance.timeOrigin + performance.now(),
};
