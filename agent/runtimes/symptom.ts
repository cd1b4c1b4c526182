/** Which line of a log says why a runtime died, and what that means. Pure. */
import type { Cause } from "../contract/protocol/messages.ts";
import { StartError } from "../replicas/start-error.ts";
import type { Complaint } from "./complaints.ts";
import type { Death } from "./runtime.ts";

export interface Symptom {
  /** Matched against each complaint of the log. */
  pattern: RegExp;
  /** What the lines before must say, where the complaint alone may mean several things. */
  after?: RegExp;
  failure_class: Exclude<Cause, "">;
  /** `$1` stands for the first group that matched. */
  sentence: string;
  retry: boolean;
}

interface Patient {
  /** As people call the program. */
  name: string;
  port_taken: RegExp;
  /** The first that matches wins, so the special ones stand before the general. */
  symptoms: readonly Symptom[];
  /** The lines of its log that may be a cause. */
  complaints(log: readonly string[]): Complaint[];
  /** It ends its own processes by SIGKILL when one of them has failed, so that the signal says nothing. */
  kills_itself: boolean;
}

/** Of a server that had served: what is older did not end it. */
const last_lines = 400;
/** To a person: where it was raised, and the cause as the last of them. */
const shown_lines = 20;
const words_chars = 300;
/** What processes say of the end of another one. */
const second_hand = /Engine core initialization failed|EngineDeadError|Engine process failed/;

/**
 * Reads how a server ended and its log. What one that had served wrote in its log says little
 * about its file or its arguments, so only symptoms that pass on their own count then.
 */
export function classifierOf(patient: Patient) {
  return (death: Death): StartError | "port_taken" => {
    const { exit, was_ready } = death;
    const wasKilled = exit.signal === "SIGKILL";
    if (wasKilled && !patient.kills_itself) return killed(patient.name, death, []);
    const log = was_ready ? death.log_tail.slice(-last_lines) : death.log_tail;
    const complaints = patient.complaints(log);
    if (!was_ready && complaints.some(({ text }) => patient.port_taken.test(text))) {
      return "port_taken";
    }
    const found = causeIn(complaints, patient.symptoms, was_ready);
    if (found === undefined) return killed(patient.name, death, complaints);
    const { sentence, failure_class, retry, at } = found;
    const shown = log.slice(Math.max(0, at + 1 - shown_lines), at + 1);
    return new StartError(failure_class, sentence, retry, shown);
  };
}

function causeIn(
  complaints: readonly Complaint[],
  symptoms: readonly Symptom[],
  was_ready: boolean,
) {
  for (const { pattern, after, failure_class, sentence, retry } of symptoms) {
    if (was_ready && !retry) continue;
    for (const { at, text, context } of complaints) {
      const match = pattern.exec(text);
      if (match === null || after?.test(context) === false) continue;
      const group = match.slice(1).find((part) => part !== undefined) ?? "";
      return { failure_class, retry, at, sentence: sentence.replace("$1", () => group) };
    }
  }
  return undefined;
}

function killed(name: string, death: Death, complaints: readonly Complaint[]): StartError {
  if (death.exit.signal !== "SIGKILL" || !death.out_of_memory_kills) {
    return crashed(name, death, complaints);
  }
  return new StartError(
    "out_of_memory",
    `The kernel killed ${name} because the host ran out of memory. Use a smaller context, fewer requests at once or a smaller model.`,
    true,
  );
}

function crashed(name: string, death: Death, complaints: readonly Complaint[]): StartError {
  const end = `${name} ${endOf(death)}`;
  if (death.was_ready) return new StartError("runtime_crash", `${end} while it was serving.`, true);
  // Only of a start: later an exception may quote a request.
  const words = complaints.findLast(({ exception, text }) => exception && !second_hand.test(text));
  const said = words === undefined ? "." : `: ${words.text.slice(0, words_chars)}`;
  return new StartError("runtime_crash", `${end} while it was starting${said}`, true);
}

function endOf({ exit }: Death): string {
  if (exit.signal !== undefined) return `was ended by ${exit.signal}`;
  if (exit.code !== undefined) return `ended with exit code ${exit.code}`;
  return "ended";
}
