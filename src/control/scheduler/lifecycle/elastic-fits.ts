import { isPlain } from "../../models/catalog/run.ts";
import type { Asked } from "../../models/resolution/artifact.ts";
import type { Resolve } from "../../models/resolution/resolve.ts";
import type { Fit } from "../placement/fleet.ts";
import type { Model } from "../sizing/model.ts";
import type { ElasticModel } from "./elastic.ts";
import { estimateOf } from "./elastic-need.ts";

/**
 * What catalog models need. Of older entries nobody has looked at the files: that is done once, beside the
 * loop. Null where they cannot be read here: their hosts will say what is wrong with them.
 */
export class ElasticFits {
  /** By model, which is another object after every change. Undefined while its files are looked at. */
  readonly #known = new WeakMap<ElasticModel, Fit | null | undefined>();
  readonly #resolve: Resolve;
  readonly #trigger: () => void;

  /** TRIGGER: something was found out. */
  constructor({ resolve, trigger }: { resolve: Resolve; trigger(): void }) {
    this.#resolve = resolve;
    this.#trigger = trigger;
  }

  of(model: ElasticModel): Fit | null | undefined {
    if (!this.#known.has(model)) this.#find(model);
    return this.#known.get(model);
  }

  #find(model: ElasticModel): void {
    const { model_facts, source, runtime } = model;
    if (model_facts !== null || runtime !== "llama-server" || !isPlain(source)) {
      this.#known.set(model, estimateOf(model));
      return;
    }
    this.#known.set(model, undefined);
    void this.#findOut(source).then((facts) => {
      this.#known.set(model, facts && estimateOf({ ...model, model_facts: facts }));
      this.#trigger();
    });
  }

  async #findOut(source: string): Promise<Model | null> {
    const asked: Asked = {
      model: source,
      revision: null,
      runtime: "llama-server",
      context: null,
      gpu: { type: null, count: null },
      concurrency: 1,
      env: {},
      args: [],
    };
    try {
      return (await this.#resolve(asked, "", [])).artifact.model;
    } catch {
      return null;
    }
  }
}
