/**
 * What the first start leaves in the data folder, readable by its owner only: the first admin's login,
 * and the admin key that the command line on this machine uses.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolder, writeDurably } from "../control/storage/durable-files.ts";
import { randomBase62 } from "../shared/identifier.ts";

export interface Login {
  email: string;
  password: string;
}

/** 20 base62 characters are 119 bits. */
const password_length = 20;

export function newLogin(): Login {
  return { email: "admin@hypervize.local", password: randomBase62(password_length) };
}

export function keepLogin(home: string, login: Login): void {
  writeDurably(join(home, "first-login.json"), `${JSON.stringify(login, null, 2)}\n`);
}

/** Undefined when the file was removed, as it should be once the password was changed. */
export function keptLogin(home: string): Login | undefined {
  try {
    return JSON.parse(readFileSync(join(home, "first-login.json"), "utf8")) as Login;
  } catch {
    return undefined;
  }
}

export function hasAdminKey(home: string): boolean {
  return existsSync(join(home, "admin-key"));
}

export function keepAdminKey(home: string, key: string): void {
  writeDurably(join(home, "admin-key"), `${key}\n`);
}

export function prepareHome(home: string): void {
  try {
    makeFolder(home);
  } catch (cause) {
    throw new Error(`The data folder ${home} cannot be made. Choose another with --home.`, {
      cause,
    });
  }
}
