/** `unknown`: it could not be found out, which is no fault. */
export type State = "ok" | "warn" | "fail" | "unknown";

export interface Finding {
  name: string;
  state: State;
  /** What is so, as a clause or a sentence. */
  detail: string;
  /** What to do, as a sentence; empty where nothing is to be done. */
  advice: string;
}

/** Judges leave out the name, which their check has. */
export type Judgement = Omit<Finding, "name">;

export const ok = (detail: string): Judgement => ({ state: "ok", detail, advice: "" });
export const warn = (detail: string, advice: string): Judgement => ({
  state: "warn",
  detail,
  advice,
});
export const fail = (detail: string, advice: string): Judgement => ({
  state: "fail",
  detail,
  advice,
});
export const unknown = (detail: string, advice = ""): Judgement => ({
  state: "unknown",
  detail,
  advice,
});
