/** What the dashboard asks about limits, prices and routes. */
import type {
  AliasView,
  DriftView,
  KeyView,
  Price,
  ProviderView,
  TeamView,
  UserView,
} from "../src/app/control-api.ts";
import { at, json, type List } from "./api.ts";
import type { Limits } from "./limits.ts";

const write = (method: string, body: unknown) => ({ method, body });

export const changeKey = (
  id: string,
  changes: Partial<Limits & { allowed_cidrs: string[] | null }>,
): Promise<KeyView> => json(at("keys", id), write("PATCH", changes));
export const limitUser = (
  id: string,
  changes: Partial<Limits> & { team_id?: string | null },
): Promise<UserView> => json(at("users", id), write("PATCH", changes));

export type TeamInput = Limits & { name: string };
export const listTeams = (): Promise<List<TeamView>> => json("/api/teams");
export const createTeam = (team: TeamInput): Promise<TeamView> =>
  json("/api/teams", write("POST", team));
export const changeTeam = (id: string, team: Partial<TeamInput>): Promise<TeamView> =>
  json(at("teams", id), write("PATCH", team));
export const removeTeam = (id: string): Promise<unknown> =>
  json(at("teams", id), { method: "DELETE" });

export const listPrices = (): Promise<List<Price>> => json("/api/prices");
export const setPrice = (price: Price): Promise<Price> => json("/api/prices", write("PUT", price));
export const removePrice = (model: string): Promise<unknown> =>
  json(`/api/prices?model=${encodeURIComponent(model)}`, { method: "DELETE" });

export interface AliasInput {
  name: string;
  targets: { model: string; weight: number }[];
  fallbacks: string[];
}
export const listAliases = (): Promise<List<AliasView>> => json("/api/aliases");
export const createAlias = (alias: AliasInput): Promise<AliasView> =>
  json("/api/aliases", write("POST", alias));
export const changeAlias = (id: string, alias: Partial<AliasInput>): Promise<AliasView> =>
  json(at("aliases", id), write("PATCH", alias));
export const removeAlias = (id: string): Promise<unknown> =>
  json(at("aliases", id), { method: "DELETE" });

export interface ProviderInput {
  name: string;
  base_url: string;
  /** Left out: as it is. */
  api_key?: string;
  enabled: boolean;
  slots: number;
  models: { name: string; upstream: string; burst: boolean }[];
}
export const listProviders = (): Promise<List<ProviderView>> => json("/api/providers");
export const createProvider = (provider: ProviderInput): Promise<ProviderView> =>
  json("/api/providers", write("POST", provider));
export const changeProvider = (
  id: string,
  provider: Partial<ProviderInput>,
): Promise<ProviderView> => json(at("providers", id), write("PATCH", provider));
export const removeProvider = (id: string): Promise<unknown> =>
  json(at("providers", id), { method: "DELETE" });
export const testProvider = (id: string): Promise<{ ok: boolean; message: string }> =>
  json(`${at("providers", id)}/test`, { method: "POST" });

export const readDrift = (): Promise<DriftView> => json("/api/usage/drift");
