import type { Page } from "./line.ts";

const goes_on = "it goes on until Ctrl-C; .ci/dev/dev.test.ts runs it";

export const contributing: Page = {
  file: "CONTRIBUTING.md",
  lines: {
    "npm run dev": { because: goes_on, run: "npm run dev -- --help", says: /--fresh/ },
    "npm run dev -- --fresh": { because: goes_on, run: "npm run dev -- --fresh --help" },
    "npm run dev -- --inspect": { because: goes_on, run: "npm run dev -- --inspect --help" },
    "npm test": {
      because: "it is what runs this",
      run: "npm run | grep -A1 '^  *test$' | grep -F .ci/test.ts",
    },
    "npm run test:fast": {
      because: "it is most of the tests beside this one",
      run: "npm run | grep -F 'test.ts --fast'",
    },
    "npm test -- src/gateway": {
      because: "these tests run beside this one",
      run: "npm test -- src/gateway/limits/bucket.test.ts",
      says: /\d+ passed, 0 failed\n$/,
    },
    "npm run test:only -- src/gateway -t hold": {
      because: "these tests run beside this one",
      run: "npm run test:only -- src/gateway/proxy/hold.test.ts -t place",
      says: /0 fail/,
    },
    "npm run mutants -- --sample 20": {
      because: "it runs tests for minutes",
      run: "npm run mutants -- --sample 20 --list",
      says: /^\S+\.ts:\d+/m,
    },
    "npm run x -- status --home .dev/home": {
      because: "there is no dev loop in the sandbox",
      run: 'npm run x -- status --home "$ROOT/none"',
      code: 1,
    },
    "npm run simulate -- --seed N": {
      because: "N stands for a number",
      run: "npm run simulate -- --seed 3 --hours 1",
      says: /1 stories/,
    },
    "npm run migrations": {
      because: "it would write into the checkout where a table has changed",
      run: "npm run | grep -F drizzle.config.ts",
    },
    "npm run check": {
      because: "it is three of the steps of npm test",
      run: "npm run | grep -F 'biome ci .; tsc; knip'",
    },
    "npm run format": {
      because: "it would change the checkout",
      run: "npm run format -- --help",
      says: /biome check/,
    },
  },
};
