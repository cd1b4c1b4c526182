/** The model list as the OpenAI API shapes it, and what the control API adds to each entry. */
import type { Model } from "./entry.ts";

export interface OpenAIModel {
  /** The name that a request puts into `model`. */
  id: string;
  object: "model";
  /** Seconds since the epoch, unlike all other times here: that is OpenAI's shape. */
  created: number;
  owned_by: "hypervize";
}

/** How a model is doing on the hosts. */
export interface ModelStatus {
  ready_replicas: number;
  starting_replicas: number;
  /** One sentence for a person, null when all is well. */
  problem: string | null;
}

export interface ModelView
  extends OpenAIModel,
    ModelStatus,
    Omit<Model, "id" | "name" | "created_at"> {
  model_id: string;
}

export interface ModelList<Item> {
  object: "list";
  data: Item[];
}

export type Named = Pick<Model, "name" | "created_at">;

/** For applications. */
export function openAIList(models: readonly Named[]): ModelList<OpenAIModel> {
  return { object: "list", data: models.map(openAIModel) };
}

export function viewOf(model: Model, status: ModelStatus): ModelView {
  const { id, name: _, created_at: __, ...settings } = model;
  return { ...openAIModel(model), model_id: id, ...settings, ...status };
}

function openAIModel({ name, created_at }: Named): OpenAIModel {
  return {
    id: name,
    object: "model",
    created: Math.floor(created_at / 1000),
    owned_by: "hypervize",
  };
}
