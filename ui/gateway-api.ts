/** What the dashboard asks about limits, prices and routes. */
import type {
  AliasBody,
  AliasChanges,
  AliasView,
  DriftView,
  KeyChanges,
  KeyView,
  Price,
  PriceBody,
  ProviderBody,
  ProviderChanges,
  ProviderView,
  TeamBody,
  TeamChanges,
  TeamView,
} from "../src/app/control-api.ts";
import { at, json, type List } from "./api.ts";

const write = (method: string, body: unknown) => ({ method, body });

export const changeKey = (id: string, changes: KeyChanges): Promise<KeyView> =>
  json(at("keys", id), write("PATCH", changes));

export const listTeams = (): Promise<List<TeamView>> => json("/api/teams");
export const createTeam = (team: TeamBody): Promise<TeamView> =>
  json("/api/teams", write("POST", team));
export const changeTeam = (id: string, team: TeamChanges): Promise<TeamView> =>
  json(at("teams", id), write("PATCH", team));
export const removeTeam = (id: string): Promise<unknown> =>
  json(at("teams", id), { method: "DELETE" });

export const listPrices = (): Promise<List<Price>> => json("/api/prices");
export const setPrice = (price: PriceBody): Promise<Price> =>
  json("/api/prices", write("PUT", price));
export const removePrice = (model: string): Promise<unknown> =>
  json(`/api/prices?model=${encodeURIComponent(model)}`, { method: "DELETE" });

export const listAliases = (): Promise<List<AliasView>> => json("/api/aliases");
export const createAlias = (alias: AliasBody): Promise<AliasView> =>
  json("/api/aliases", write("POST", alias));
export const changeAlias = (id: string, alias: AliasChanges): Promise<AliasView> =>
  json(at("aliases", id), write("PATCH", alias));
export const removeAlias = (id: string): Promise<unknown> =>
  json(at("aliases", id), { method: "DELETE" });

export const listProviders = (): Promise<List<ProviderView>> => json("/api/providers");
export const createProvider = (provider: ProviderBody): Promise<ProviderView> =>
  json("/api/providers", write("POST", provider));
export const changeProvider = (id: string, provider: ProviderChanges): Promise<ProviderView> =>
  json(at("providers", id), write("PATCH", provider));
export const removeProvider = (id: string): Promise<unknown> =>
  json(at("providers", id), { method: "DELETE" });
export const testProvider = (id: string): Promise<{ ok: boolean; message: string }> =>
  json(`${at("providers", id)}/test`, { method: "POST" });

export const readDrift = (): Promise<DriftView> => json("/api/usage/drift");
