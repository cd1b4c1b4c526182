/** The model list as the OpenAI API shapes it, and what the control API adds to each entry. Pure. */
import type { Cause } from "../../../../agent/contract/protocol/messages.ts";
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
  /** `placing`: it has no place yet. `stopped`: it wants no replica. */
  status: "disabled" | "stopped" | "placing" | "starting" | "up" | "failed";
  /** How far the furthest of its starting replicas is; null when none starts. */
  phase: "placing" | "downloading" | "loading" | "warming" | null;
  /** Null when nothing is downloaded. */
  progress: {
    downloaded_bytes: number;
    /** 0 while it is not known. */
    download_bytes: number;
    bytes_per_s: number;
    eta_s: number | null;
  } | null;
  ready_replicas: number;
  starting_replicas: number;
  /** Why something is wrong, in a word; empty when nothing is, and while it waits for what comes without anybody's help. */
  cause: Cause;
  /** One or two sentences for a person, null when all is well. */
  problem: string | null;
  /** Where its replicas are, and what is reserved for each. */
  placement: {
    replica: string;
    host_id: string;
    host_name: string;
    devices: readonly string[];
    bytes_per_device: number;
    state: string;
  }[];
}

/** `source`, `runtime` and `context_tokens` are what runs; `asked` is what that came from. */
export interface ModelView
  extends OpenAIModel,
    ModelStatus,
    Omit<Model, "id" | "name" | "created_at" | "changed_at" | "model_facts"> {
  model_id: string;
  /** Requests that one replica serves at once, as `slots` is. */
  concurrency: number;
  has_hf_token: boolean;
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

export function viewOf(model: Model, has_hf_token: boolean, status: ModelStatus): ModelView {
  const { id, name: _, created_at: __, changed_at: ___, model_facts: ____, ...settings } = model;
  return {
    ...openAIModel(model),
    model_id: id,
    ...settings,
    concurrency: model.slots,
    has_hf_token,
    ...status,
  };
}

function openAIModel({ name, created_at }: Named): OpenAIModel {
  return {
    id: name,
    object: "model",
    created: Math.floor(created_at / 1000),
    owned_by: "hypervize",
  };
}
