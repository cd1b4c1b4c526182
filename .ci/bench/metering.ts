import { eventually } from "../../src/scenarios/appliance.testbed.ts";
import type { ApplianceProcess } from "../../src/scenarios/appliance-process.ts";
import type { LoadResult } from "./load.ts";

/** What the mock says of every whole answer; a stream has one token for each piece. */
const tokens_of_answer = 9;

interface Sums {
  requests: number;
  completion_tokens: number;
}

/** Compares the usage rows with what the load client got: speed without them would be no use. */
export class Metering {
  readonly #appliance: ApplianceProcess;
  readonly #expected: Sums = { requests: 0, completion_tokens: 0 };
  #before: Sums | undefined;

  constructor(appliance: ApplianceProcess) {
    this.#appliance = appliance;
  }

  async begin(): Promise<void> {
    this.#before = await this.#recorded();
  }

  expect({ good, whole_streams, pieces }: LoadResult): void {
    this.#expected.requests += good;
    this.#expected.completion_tokens += (good - whole_streams) * tokens_of_answer + pieces;
  }

  /** The number of rows, each with the right number of tokens. Throws when they say something else. */
  async check(): Promise<number> {
    const { requests, completion_tokens } = this.#expected;
    let found: Sums = { requests: 0, completion_tokens: 0 };
    const isRight = async (): Promise<boolean> => {
      const sums = await this.#recorded();
      found = {
        requests: sums.requests - (this.#before?.requests ?? 0),
        completion_tokens: sums.completion_tokens - (this.#before?.completion_tokens ?? 0),
      };
      return found.requests === requests && found.completion_tokens === completion_tokens;
    };
    await eventually("usage is complete", isRight, 5000).catch(() => undefined);
    if (await isRight()) return requests;
    throw new Error(
      `Usage has ${found.requests} rows with ${found.completion_tokens} tokens for ${requests} answers with ${completion_tokens} tokens.`,
    );
  }

  async #recorded(): Promise<Sums> {
    const { data } = await this.#appliance.api<{ data: Sums[] }>("/api/usage?by=model");
    return {
      requests: data.reduce((sum, group) => sum + group.requests, 0),
      completion_tokens: data.reduce((sum, group) => sum + group.completion_tokens, 0),
    };
  }
}
