/** What a provider may be. Pure: every rule is a sentence for the person who broke it. */
import { badRequest } from "../../../shared/failure.ts";
import { whole } from "../../whole.ts";
import type { ProvidedModel, providers } from "./table.ts";

export type ProviderRow = Readonly<typeof providers.$inferSelect>;

/** As it may be shown: all but its key. */
export type ProviderView = Omit<ProviderRow, "key"> & {
  has_key: boolean;
  /** Requests at once, as `slots` is. */
  concurrency: number;
};

export interface ProviderInput {
  name: string;
  base_url: string;
  /** Empty: none. */
  api_key?: string;
  enabled?: boolean;
  slots?: number;
  models?: readonly { name: string; upstream?: string; burst?: boolean }[];
}

export type ProviderEntry = Pick<ProviderRow, "name" | "base_url" | "enabled" | "slots" | "models">;

export const models_max = 500;
export const slots = [1, 10_000] as const;

/** Fills in what INPUT leaves out. Throws a 400 that names the field. */
export function checkedProvider(input: Required<Omit<ProviderInput, "api_key">>): ProviderEntry {
  return {
    enabled: input.enabled,
    slots: whole("slots", input.slots, ...slots),
    name: checkedName(input.name),
    base_url: checkedAddress(input.base_url),
    models: checkedModels(input.models),
  };
}

/** One line: it becomes a header. */
export function checkedKey(key: string): string {
  const text = key.trim();
  if (text.length <= 4096 && /^[\x21-\x7e]*$/.test(text)) return text;
  throw badRequest("`api_key` is one word of letters, digits and signs.", "api_key");
}

function checkedName(input: string): string {
  const name = input.trim();
  if (name.length > 0 && name.length <= 100 && !/\p{C}/u.test(name)) return name;
  throw badRequest("A provider's name has 1 to 100 characters, without line breaks.", "name");
}

/** Credentials in an address would be shown wherever the address is. */
function checkedAddress(input: string): string {
  const url = URL.parse(input.trim());
  const isPlain = url && !url.username && !url.password && !/[?#]/.test(input);
  if (isPlain && /^https?:$/.test(url.protocol) && url.href.length <= 2048) {
    return url.href.replace(/\/+$/, "");
  }
  throw badRequest(
    "`base_url` is the address of an OpenAI-compatible API with its version, such as https://api.example.org/v1.",
    "base_url",
  );
}

function checkedModels(models: NonNullable<ProviderInput["models"]>): ProvidedModel[] {
  const named = models.map(({ name, upstream, burst = false }) => {
    const here = name.trim();
    return { name: here, upstream: (upstream ?? here).trim() || here, burst };
  });
  if (named.length > models_max) {
    throw badRequest(`A provider has at most ${models_max} models.`, "models");
  }
  if (!named.every(({ name }) => /^[A-Za-z0-9._:/-]{1,96}$/.test(name))) {
    throw badRequest(
      "Every name in `models` has 1 to 96 letters, digits and the characters . _ : / - and no spaces.",
      "models",
    );
  }
  if (new Set(named.map(({ name }) => name)).size < named.length) {
    throw badRequest("Every name in `models` may be there only once.", "models");
  }
  if (!named.every(({ upstream }) => upstream.length <= 256 && !/\p{C}/u.test(upstream))) {
    throw badRequest("Every `upstream` in `models` is the provider's name for it.", "models");
  }
  return named;
}

export function viewOf({ key, ...shown }: ProviderRow): ProviderView {
  return { ...shown, concurrency: shown.slots, has_key: key !== "" };
}
