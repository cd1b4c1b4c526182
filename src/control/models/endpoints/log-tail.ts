/** The last lines of replicas, once. */
import { type FollowLog, type LogPlace, leftOut, whyEnded } from "./log-source.ts";

/** A host that does not answer in this time has other worries. */
const patience_ms = 5000;

/** As text. With several replicas every line begins with the replica's id. */
export async function logTail(
  followLog: FollowLog,
  replicas: readonly LogPlace[],
  tail: number,
): Promise<string> {
  const logs = await Promise.all(replicas.map((replica) => lastLines(followLog, replica, tail)));
  const lines = logs.flatMap((log, i) =>
    replicas.length > 1 ? log.map((line) => `${replicas[i]?.id} ${line}`) : log,
  );
  return lines.map((line) => `${line}\n`).join("");
}

function lastLines(followLog: FollowLog, replica: LogPlace, tail: number): Promise<string[]> {
  return new Promise((resolve) => {
    const end = (lines: string[]): void => {
      clearTimeout(late);
      unfollow();
      resolve(lines);
    };
    const late = setTimeout(
      () => end([`(${replica.host_name} did not answer in ${patience_ms / 1000} s. Try again.)`]),
      patience_ms,
    );
    const unfollow = followLog(
      replica.host_id,
      replica.id,
      tail,
      (lines, dropped) => end(dropped > 0 ? [leftOut(dropped), ...lines] : lines),
      (reason) => end([`(${whyEnded(reason, replica)})`]),
    );
  });
}
