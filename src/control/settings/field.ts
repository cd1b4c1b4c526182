/** What may stand in one setting. A check returns the value to keep, or throws a sentence that names the field. Pure. */
import { X509Certificate } from "node:crypto";
import { type TSchema, t } from "elysia";
import { badRequest, type Failure } from "../../shared/failure.ts";
import { wholeNumber } from "../route-schema.ts";

export interface Field<Value> {
  readonly initial: Value;
  /** Its form, as the API's document has it; `check` knows more. */
  readonly schema: TSchema;
  /** NAME is how a person finds it: `mail.port`. */
  check(value: unknown, name: string): Value;
}

const refusal = (name: string, expected: string): Failure =>
  badRequest(`\`${name}\` must be ${expected}.`, name);

export function flag(initial: boolean): Field<boolean> {
  return {
    initial,
    schema: t.Boolean(),
    check(value, name) {
      if (typeof value === "boolean") return value;
      throw refusal(name, "true or false");
    },
  };
}

/** LEAST to MOST, both included. */
export function integer(initial: number, least: number, most: number): Field<number> {
  return {
    initial,
    schema: wholeNumber([least, most]),
    check(value, name) {
      if (Number.isInteger(value) && Number(value) >= least && Number(value) <= most) {
        return Number(value);
      }
      throw refusal(name, `a whole number from ${least} to ${most}`);
    },
  };
}

export function oneOf<const Choice extends string>(
  initial: NoInfer<Choice>,
  choices: readonly Choice[],
): Field<Choice> {
  return {
    initial,
    schema: t.Union(choices.map((choice) => t.Literal(choice))),
    check(value, name) {
      const found = choices.find((choice) => choice === value);
      if (found !== undefined) return found;
      throw refusal(name, `one of ${choices.join(", ")}`);
    },
  };
}

/** Empty where it is not set. No control characters: a line break would start another SMTP command. */
function line(most: number, expected: string, good: (text: string) => boolean): Field<string> {
  return {
    initial: "",
    schema: t.String({ description: `Empty, or ${expected}.` }),
    check(value, name) {
      if (typeof value !== "string") throw refusal(name, "text");
      const text = value.trim();
      if (text === "") return text;
      if (text.length <= most && !/\p{Cc}/u.test(text) && good(text)) return text;
      throw refusal(name, expected);
    },
  };
}

export const plainText = line(256, "one line of at most 256 characters", () => true);

export const hostName = line(
  253,
  "a host name or an IP address, without port",
  (text) => /^[\p{L}\p{N}]([\p{L}\p{N}._-]*)$/u.test(text) || /^[\da-f]*:[\da-f:.]+$/i.test(text),
);

/** As loose as for users: only sending mail proves an address. */
export const mailAddress = line(254, "an e-mail address such as name@example.org", (text) =>
  /^[^\s@<>"',;]+@[^\s@<>"',;]+$/.test(text),
);

/** Credentials in an address would be shown wherever the address is. */
export const webAddress = line(
  2048,
  "an address that begins with https:// or http://, without user and password in it",
  (text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    return /^https?:$/.test(url?.protocol ?? "") && !url?.username && !url?.password;
  },
);

/** Each once, in any spelling of its letters. */
export function mailAddresses(most: number): Field<readonly string[]> {
  return {
    initial: [],
    schema: t.Array(t.String(), { maxItems: most }),
    check(value, name) {
      if (!Array.isArray(value) || value.length > most) {
        throw refusal(name, `a list of at most ${most} e-mail addresses`);
      }
      const addresses = value.map((each) => mailAddress.check(each, name)).filter(Boolean);
      return [...new Map(addresses.map((each) => [each.toLowerCase(), each])).values()];
    },
  };
}

/** PEM certificates, or empty. */
export const certificates: Field<string> = {
  initial: "",
  schema: t.String({ description: "Empty, or certificates in PEM form." }),
  check(value, name) {
    const text = typeof value === "string" && value.length <= 65_536 ? value.trim() : undefined;
    if (text === "") return text;
    const found = text?.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
    if (text === undefined || found.length === 0 || !found.every(isCertificate)) {
      throw refusal(name, "one or more certificates in PEM form");
    }
    return `${found.join("\n")}\n`;
  },
};

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}
