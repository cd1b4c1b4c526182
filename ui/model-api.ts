/** What the dashboard asks about the shared models. */
import type { DryRunView, ModelBody, ModelChanges, ModelView } from "../src/app/control-api.ts";
import { at, json, remove } from "./api.ts";

export const addModel = (body: ModelBody): Promise<ModelView> =>
  json("/api/models", { method: "POST", body });
export const forecastModel = (body: ModelBody): Promise<DryRunView> =>
  json("/api/models?dry_run=1", { method: "POST", body });
export const changeModel = (id: string, body: ModelChanges): Promise<ModelView> =>
  json(at("models", id), { method: "PATCH", body });
export const removeModel = (id: string): Promise<void> => remove(at("models", id));
