/** What the dashboard asks about the shared models. */
import type { DryRunView, ModelView } from "../src/app/control-api.ts";
import { at, json, remove } from "./api.ts";

/** The fields of `POST /api/models`. */
export type ModelInput = Readonly<Record<string, unknown>>;

export const addModel = (body: ModelInput): Promise<ModelView> =>
  json("/api/models", { method: "POST", body });
export const forecastModel = (body: ModelInput): Promise<DryRunView> =>
  json("/api/models?dry_run=1", { method: "POST", body });
export const changeModel = (id: string, body: ModelInput): Promise<ModelView> =>
  json(at("models", id), { method: "PATCH", body });
export const removeModel = (id: string): Promise<void> => remove(at("models", id));
