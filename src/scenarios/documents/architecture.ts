import type { Page } from "./line.ts";

export const architecture: Page = {
  file: "src/ARCHITECTURE.md",
  lines: {
    "npm run simulate -- --seed N": {
      because: "N stands for a number",
      run: "npm run simulate -- --seed 3 --hours 1",
      says: /1 stories/,
    },
  },
};
