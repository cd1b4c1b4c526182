/** What the matrix asks of every client, in the client's own way. */
import type { Prompt } from "./runtime.ts";

export interface Access {
  /** With no version in it. */
  url: string;
  key: string;
  model: string;
  fetch: typeof fetch;
}

export interface Said {
  text: string;
  prompt_tokens?: number | undefined;
  completion_tokens?: number | undefined;
}

export interface Client {
  name: string;
  whole(access: Access, prompt: Prompt): Promise<Said>;
  stream(access: Access, prompt: Prompt): Promise<Said>;
  /** Lets the model use the tool `weather`, which says that it is sunny; what the model says in the end. */
  tools(access: Access): Promise<{ text: string; called: unknown[] }>;
  /** An object of the shape `{answer: number}`, where the protocol can promise one. */
  structured?(access: Access): Promise<unknown>;
  /** Leaves after the first piece of a stream. */
  leave(access: Access, prompt: Prompt): Promise<void>;
  /** HTTP status and code of an error that the client threw; 0 where it does not say. */
  seen(error: unknown): { status: number; code?: unknown };
}
