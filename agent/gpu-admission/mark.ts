/** One started epoch of a replica. */
export interface Life {
  id: string;
  epoch: number;
}

const name = "HYPERVIZE_REPLICA";
const mark = /^([A-Za-z0-9_-]{1,64}):(\d{1,15})$/;

/**
 * What every process of a runtime carries in its environment, and its children inherit, wherever they go:
 * a worker that left the group and the session (setsid) is still found by it.
 *
 * This is identity and no name. The value names one epoch of one replica, which is started once, here, by
 * this agent (epochs.ts), and an endpoint cannot set it (contract/runtime-settings.ts refuses HYPERVIZE_*).
 * /proc/PID/environ shows what the process was executed with, not what it calls itself, and it is believed
 * only of a process that began after the runtime did (familyOf). Who forges it, forges it for
 * their own process.
 *
 * SPT_NOENV keeps it readable: Python's setproctitle, with which vLLM and SGLang rename their workers,
 * overwrites /proc/PID/environ without it (py-setproctitle's README, "Environment variables"; ray#15061).
 */
export function markOf({ id, epoch }: Life): Record<string, string> {
  return { [name]: `${id}:${epoch}`, SPT_NOENV: "1" };
}

/** ENVIRON: of proc_pid_environ(5), variables that end with a NUL. */
export function lifeIn(environ: string): Life | undefined {
  const variable = environ.split("\0").find((text) => text.startsWith(`${name}=`));
  const [, id, epoch] = mark.exec(variable?.slice(name.length + 1) ?? "") ?? [];
  return id === undefined ? undefined : { id, epoch: Number(epoch) };
}
