/** The data folder of the dev loop, and what is kept in it from one start to the next. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Kept {
  /** Agents have the address in their identity, the provider is in the database: ports stay. */
  ports: { appliance: number; agents: number; provider: number };
  /** An inference key of the first admin; empty until all data is there. */
  key: string;
}

export class Place {
  readonly folder: string;

  /** What was left half made, is made from the beginning. */
  constructor(folder: string, fresh: boolean) {
    this.folder = folder;
    if (fresh || (existsSync(folder) && !this.kept()?.key)) {
      rmSync(folder, { recursive: true, force: true });
    }
    mkdirSync(folder, { recursive: true });
  }

  at(...names: string[]): string {
    return join(this.folder, ...names);
  }

  kept(): Kept | undefined {
    try {
      return JSON.parse(readFileSync(this.at("dev.json"), "utf8")) as Kept;
    } catch {
      return undefined;
    }
  }

  keep(kept: Kept): void {
    writeFileSync(this.at("dev.json"), `${JSON.stringify(kept, null, 2)}\n`);
  }
}
