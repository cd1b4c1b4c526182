/** Wall clock for what is stored, a clock that never goes back for what is measured. */
const origin = performance.timeOrigin;

export const clock = {
  now: () => Date.now(),
  steady: () => origin + performance.now(),
};
