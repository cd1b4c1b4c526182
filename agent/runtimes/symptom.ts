import type { Cause } from "../contract/messages.ts";
import { Refusal } from "../refusal.ts";
import type { Death } from "./runtime.ts";

export interface Symptom {
  /** Matched against the last lines of the log. */
  pattern: RegExp;
  failure_class: Exclude<Cause, "">;
  /** `$1` stands for the first group that matched. */
  sentence: string;
  retry: boolean;
}

interface Patient {
  /** As people call the program. */
  name: string;
  port_taken: RegExp;
  /** The first that matches wins. */
  symptoms: readonly Symptom[];
}

/**
 * Reads how a server ended and its last lines. What one that had served wrote in its log says little
 * about its file or its arguments, so only symptoms that pass by themselves count then.
 */
export function classifierOf({ name, port_taken, symptoms }: Patient) {
  return (death: Death): Refusal | "port_taken" => {
    const { exit, log_tail, was_ready } = death;
    if (exit.signal === "SIGKILL") return killed(name, death);
    const log = log_tail.join("\n");
    if (!was_ready && port_taken.test(log)) return "port_taken";
    for (const { pattern, failure_class, sentence, retry } of symptoms) {
      const match = pattern.exec(log);
      if (match === null || (was_ready && !retry)) continue;
      const group = match.slice(1).find((text) => text !== undefined) ?? "";
      return new Refusal(
        failure_class,
        sentence.replace("$1", () => group),
        retry,
      );
    }
    return crashed(name, death);
  };
}

function killed(name: string, death: Death): Refusal {
  if (!death.out_of_memory_kills) return crashed(name, death);
  return new Refusal(
    "out_of_memory",
    `The kernel killed ${name} because the host ran out of memory. Use a smaller context, fewer slots or a smaller model.`,
    true,
  );
}

function crashed(name: string, death: Death): Refusal {
  const when = death.was_ready ? "while it was serving" : "while it was starting";
  return new Refusal("runtime_crash", `${name} ${endOf(death)} ${when}.`, true);
}

function endOf({ exit }: Death): string {
  if (exit.signal !== undefined) return `was ended by ${exit.signal}`;
  if (exit.code !== undefined) return `ended with exit code ${exit.code}`;
  return "ended";
}
