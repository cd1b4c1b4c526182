/** How the agent stands with its control plane, for the installer, doctor and people: AGENT/connection.json. */
import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

export interface ConnectionState {
  status: "connected" | "unreachable" | "refused";
  /** One sentence; empty while it is connected. */
  reason: string;
}

/** Nothing that must survive a power cut: each agent removes what the last one wrote. */
export class ConnectionFile {
  readonly #path: string;
  #written: Promise<void>;

  constructor(folder: string) {
    this.#path = join(folder, "connection.json");
    this.#written = rm(this.#path, { force: true });
  }

  /** In order, and never in the way of the connection itself. */
  write(state: ConnectionState): void {
    const text = `${JSON.stringify({ ...state, pid: process.pid })}\n`;
    this.#written = this.#written.then(() => this.#replace(text)).catch(() => undefined);
  }

  async #replace(text: string): Promise<void> {
    await writeFile(`${this.#path}.new`, text, { mode: 0o600 });
    await rename(`${this.#path}.new`, this.#path);
  }
}
