import type { Cause } from "../../../../agent/contract/protocol/messages.ts";

/** Something that people want to know, however it reaches them. */
export type Notice =
  | {
      kind: "endpoint_up" | "endpoint_failed" | "update_failed" | "endpoint_deleted";
      at: number;
      endpoint: { id: string; name: string; model: string };
      /** Of its owner. */
      user_id: string;
      cause: Cause;
      detail: string;
      log_tail: readonly string[];
    }
  | {
      kind: "host_down" | "host_up";
      at: number;
      host: { id: string; name: string };
      detail: string;
    }
  | {
      kind: "alert_raised" | "alert_resolved";
      at: number;
      host: { id: string; name: string };
      alert: { id: string; kind: string; gpu: { index: number; uuid: string } | null };
      title: string;
      detail: string;
      /** What to do. */
      advice: string;
    }
  | { kind: "test"; at: number; asked_by: string };
