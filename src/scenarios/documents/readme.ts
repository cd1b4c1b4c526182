import type { Page } from "./line.ts";

const asks = `curl http://localhost:8080/v1/chat/completions -H "authorization: Bearer $KEY" -H "content-type: application/json" -d '{"model":"hypervize-demo","messages":[{"role":"user","content":"Who are you?"}]}'`;

export const readme: Page = {
  file: "README.md",
  lines: {
    "npm test": {
      because: "it is what runs this",
      run: "npm run | grep -A1 '^  *test$' | grep -F .ci/test.ts",
    },
    [asks]: { says: /"choices".*I am the Hypervize demo model/ },
    "export HYPERVIZE_HOME=~/.local/share/hypervize-demo": {},
    'hypervize keys create "nightly batch" --rpm 60 --budget 20 --model hypervize-demo': {
      says: /^hv_\w+\nKeep it now: it is not shown again/,
    },
    "hypervize endpoints create builtin:hypervize-demo --name tour --idle 900 --wait": {
      says: /tour is up: http:\S+\/api\/d\/endpt-\w+\/v1/,
    },
    "hypervize endpoints delete ENDPOINT": { says: /tour is being deleted; its replicas stop/ },
    "hypervize size Qwen/Qwen3-32B --gpu H100-80 --context 32000 --offline": {
      says: /Qwen\/Qwen3-32B \(bf16\) fits on 2 × H100-80 with 32,000 tokens of context/,
    },
    "hypervize usage --by model": { says: /^KEY +REQUESTS .*\nhypervize-demo +\d/ },
    "npm run x -- status": { says: /hypervize-demo +up/ },
    "npm run test:fast": {
      because: "it is most of the tests beside this one",
      run: "npm run | grep -F 'test.ts --fast'",
    },
    "npm test -- src/cli": {
      because: "these tests run beside this one",
      run: "npm test -- src/cli/meter.test.ts",
      says: /\d+ passed, 0 failed\n$/,
    },
    "npm run check": {
      because:
        "it is three of the steps of npm test; .ci/prepare.test.ts says that it is all of them",
      run: "npm run | grep -F 'biome ci .; tsc; knip'",
    },
    "npm run bench -- --short --json": {
      because: "it measures for a minute, on an idle machine",
      run: "npm run bench -- --short --json --help",
      says: /usage: npm run bench/,
    },
    "npm run simulate -- --seed 7 --hours 24": { says: /1 stories of 24 h/ },
    "npm run migrations": {
      because: "it would write into the checkout where a table has changed",
      run: 'cd "$CHECKOUT" && sh .ci/prepare.sh --only packages drizzle-kit check --config migrations/drizzle.config.ts',
    },
  },
};
