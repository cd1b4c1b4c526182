import type { EndpointEvent, EndpointView, Status } from "../app/control-api.ts";
import { eventually } from "./appliance.testbed.ts";
import type { ApplianceProcess } from "./appliance-process.ts";

/** One Dedicated endpoint of an appliance, as its owner uses it. */
export class EndpointClient {
  readonly id: string;
  readonly #appliance: ApplianceProcess;

  constructor(appliance: ApplianceProcess, id: string) {
    this.#appliance = appliance;
    this.id = id;
  }

  static async provision(appliance: ApplianceProcess, body: object = {}): Promise<EndpointClient> {
    const { id } = await appliance.api<EndpointView>("/api/provision", {
      model: "builtin:hypervize-demo",
      ...body,
    });
    return new EndpointClient(appliance, id);
  }

  view(): Promise<EndpointView> {
    return this.#appliance.api(`/api/endpoints/${this.id}`);
  }

  change(body: object): Promise<EndpointView> {
    return this.#appliance.api(`/api/endpoints/${this.id}`, body, "PATCH");
  }

  order(order: "pause" | "resume" | "sleep" | "wake"): Promise<EndpointView> {
    return this.#appliance.api(`/api/endpoints/${this.id}/${order}`, {});
  }

  remove(): Promise<EndpointView> {
    return this.#appliance.api(`/api/endpoints/${this.id}`, undefined, "DELETE");
  }

  is(status: Status): Promise<EndpointView> {
    return eventually(`${this.id} is ${status}`, async () => {
      const view = await this.view();
      return view.status === status && view;
    });
  }

  /** Waits until there is no such endpoint any more. */
  async isGone(): Promise<void> {
    await eventually(`${this.id} is gone`, async () => {
      const { data } = await this.#appliance.api<{ data: EndpointView[] }>("/api/endpoints");
      return data.every(({ id }) => id !== this.id);
    });
  }

  /** Oldest first, such as `building>up:ready`. */
  async history(): Promise<string[]> {
    const { data } = await this.#appliance.api<{ data: EndpointEvent[] }>(
      `/api/endpoints/${this.id}/events?limit=100`,
    );
    return data.toReversed().map(({ from, to, reason }) => `${from}>${to}:${reason}`);
  }

  async chat(
    content: string,
    headers: Record<string, string> = {},
    more: object = {},
  ): Promise<Response> {
    return fetch(`${this.#appliance.url}/api/d/${this.id}/v1/chat/completions`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${await this.#appliance.adminKey()}`,
        "content-type": "application/json",
        ...headers,
      },
      body: JSON.stringify({ temperature: 0, messages: [{ role: "user", content }], ...more }),
    });
  }
}
