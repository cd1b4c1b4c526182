/**
 * How far an exchange with a runtime had come when it failed. `connect`: nothing was sent. `head`:
 * the request was on its way and not one byte had come back, so another replica may be asked.
 * `body`: the answer had begun.
 */
export type Phase = "connect" | "head" | "body";

export type FaultKind = "refused" | "reset" | "closed" | "untrusted" | "protocol" | "timeout";

/** Why a runtime's answer did not arrive. The message names no content, only the mechanics. */
export class UpstreamFault extends Error {
  readonly kind: FaultKind;
  readonly phase: Phase;

  constructor(kind: FaultKind, phase: Phase, message: string) {
    super(message);
    this.name = "UpstreamFault";
    this.kind = kind;
    this.phase = phase;
  }
}
