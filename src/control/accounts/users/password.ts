/** Passwords: policy, and argon2id with OWASP's parameters (Password Storage Cheat Sheet: m=19 MiB, t=2, p=1). */
import { badRequest } from "../../../shared/failure.ts";

const cost = { algorithm: "argon2id", memoryCost: 19_456, timeCost: 2 } as const;
const length = { min: 10, max: 200 } as const;

/** Hash of a password that nobody knows: verifying against it costs what a real account costs. */
const decoy =
  "$argon2id$v=19$m=19456,t=2,p=1$6LaaAqWuEY5Ev55ybaUsWf1lCOqWZjkh8mB8pUxuFtw$jPk7K8qPIS2bwHk4Fyd+xJmOcdbQU8Mp1tFrXoxwdm0";

/** Throws a 400 that never repeats the password. */
export function checkPassword(password: string): void {
  const characters = [...password].length;
  if (characters >= length.min && characters <= length.max) return;
  throw badRequest(
    `A password has ${length.min} to ${length.max} characters; this one has ${characters}.`,
    "password",
  );
}

// NFKC, so that one password typed on two keyboards is one password (NIST SP 800-63B, 5.1.1.2).
const typed = (password: string): string => password.normalize("NFKC");

export function hashPassword(password: string): Promise<string> {
  return Bun.password.hash(typed(password), cost);
}

/** Blocks for about 30 ms: for the first start only. */
export function hashPasswordSync(password: string): string {
  return Bun.password.hashSync(typed(password), cost);
}

/** Takes as long for an account that does not exist (HASH undefined) as for one that does. */
export async function passwordMatches(
  password: string,
  hash: string | undefined,
): Promise<boolean> {
  const matches = await Bun.password.verify(typed(password), hash ?? decoy);
  return matches && hash !== undefined;
}
