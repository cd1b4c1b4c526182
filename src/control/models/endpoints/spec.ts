/** What somebody asked for: the checked body of a provision. Field names are those of the API. */

import type { Visibility } from "../../../shared/endpoint-status.ts";
import type { Asked } from "../resolution/artifact.ts";

export interface EndpointSpec extends Asked {
  /** As Hugging Face names it (`text-generation`); kept for people, decides nothing. */
  task: string | null;
  min_replicas: number;
  max_replicas: number;
  /** Null never sleeps. Without `min_replicas: 0` it has no effect. */
  idle_timeout_s: number | null;
  /**
   * How long it sleeps in place, with its weights in the host's memory, before its process stops too. 0: it stops at
   * once; null: it sleeps so for as long as it can. For vLLM and SGLang.
   */
  l1_timeout_s: number | null;
  /** What a request to a sleeping endpoint does when it does not say: wait, or fail at once. */
  cold_start: "hold" | "fail";
  /** A host must carry every one of them. */
  labels: Readonly<Record<string, string>>;
  visibility: Visibility;
}
