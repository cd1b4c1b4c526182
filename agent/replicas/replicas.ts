import type { Desired, Observed } from "../contract/protocol/messages.ts";
import { relayName } from "../contract/protocol/relay-name.ts";
import type { Handle } from "../process/handle.ts";
import { logPath, logTail, rotateLog } from "../process/log.ts";
import { recover } from "../process/recover.ts";
import type { Door } from "../relay/tcp-forward.ts";
import type { Epochs } from "./epochs.ts";
import { type Action, nextDeadline, reconcile } from "./reconcile.ts";
import { advance, observe, type Replica, type ReplicaEvent, starting } from "./replica.ts";
import { runReplica } from "./replica-run.ts";
import type { Order, RunEnd, RunTools } from "./run.ts";
import { SleepIntent } from "./sleep-intent.ts";

type Message =
  | { kind: "desired"; desired: Desired }
  | { kind: "event"; id: string; event: ReplicaEvent }
  | { kind: "over"; id: string; end: RunEnd }
  | { kind: "look" };

interface OpenRun {
  order: AbortController;
  sleep_intent: SleepIntent;
  over: Promise<void>;
}

const rotate_ms = 30_000;
/** Of a log, to a person. */
const shown_lines = 20;
/** An id becomes part of file names. */
const replica_id = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * The one owner of every replica's state on this host. Runs and the session post messages to it; it
 * advances the state, asks `reconcile` what to do, starts and ends runs, and tells CHANGED.
 */
export class Replicas {
  readonly #tools: RunTools;
  readonly #epochs: Epochs;
  readonly #inbox: Message[] = [];
  readonly #replicas = new Map<string, Replica>();
  readonly #runs = new Map<string, OpenRun>();
  #desired: Desired | undefined;
  #ring: () => void = () => undefined;
  #told = "";
  /** Called with the whole observed set on every change, and after every Desired. */
  changed: (observed: Observed) => void = () => undefined;

  constructor(tools: RunTools, epochs: Epochs) {
    this.#tools = tools;
    this.#epochs = epochs;
  }

  /** The control plane's newest word. Which of two is newer, the session knows. */
  desire(desired: Desired): void {
    this.#post({ kind: "desired", desired });
  }

  observed(): Observed {
    return {
      generation: this.#desired?.generation ?? 0,
      replicas: [...this.#replicas.values()].map(observe),
      sources: [...this.#tools.weights.sources()],
    };
  }

  /** Of what runs or is wanted here. */
  sources(): string[] {
    const wanted = this.#desired?.replicas ?? [];
    return [...wanted, ...[...this.#replicas.values()].map(({ spec }) => spec)].map(
      ({ source }) => source,
    );
  }

  /** Where the ready replica listens that the control plane's relay NAME means. */
  doorOf(name: string): Door | undefined {
    const ready = [...this.#replicas.values()].filter(({ state }) => state === "ready");
    return ready.find(({ spec }) => relayName(spec.id) === name);
  }

  /** What the control plane last asked for. */
  get wanted(): Desired {
    return this.#desired ?? { generation: 0, replicas: [] };
  }

  /** Works until SIGNAL aborts; then ends every run by the order FINALLY and resolves. */
  async work(finallyOrder: () => Order, signal: AbortSignal): Promise<void> {
    await this.#adoptAll();
    const wake = () => this.#post({ kind: "look" });
    signal.addEventListener("abort", wake, { once: true });
    const rotation = setInterval(() => this.#rotateLogs(), rotate_ms);
    try {
      while (!signal.aborted) {
        this.#settle();
        await this.#nextMessage();
      }
    } finally {
      clearInterval(rotation);
      const open = [...this.#runs.values()];
      for (const { order } of open) order.abort(finallyOrder());
      await Promise.all(open.map(({ over }) => over));
    }
  }

  async #adoptAll(): Promise<void> {
    const { fence, handles, stop_times } = this.#tools;
    const { adopted, dropped, unreadable } = await recover(handles, stop_times, async (ended) =>
      fence.clear(ended, await fence.traces(ended)),
    );
    for (const id of dropped) this.#tools.log(`${id} had ended while no agent was here`);
    for (const path of unreadable) {
      this.#tools.log(
        `${path} cannot be read by this version; look whether its process still runs`,
      );
    }
    for (const handle of adopted) {
      this.#tools.log(`${handle.spec.id} still runs as process ${handle.process.pid}: adopted`);
      const replica = { ...starting(handle.spec), restarts: handle.restarts };
      this.#open(replica, handle);
    }
  }

  /** Applies what was posted, then acts until nothing is left to do. */
  #settle(): void {
    let answersDesired = false;
    for (const message of this.#inbox.splice(0)) {
      this.#receive(message);
      answersDesired ||= message.kind === "desired";
    }
    for (let actions = this.#decide(); actions.length > 0; actions = this.#decide()) {
      for (const action of actions) this.#act(action);
    }
    const observed = this.observed();
    const text = JSON.stringify(observed);
    if (text === this.#told && !answersDesired) return;
    this.#told = text;
    this.changed(observed);
  }

  #decide(): Action[] {
    return reconcile({
      desired: this.#desired?.replicas,
      replicas: this.#replicas,
      epochs: this.#epochs.all,
      now_ms: this.#tools.now(),
    });
  }

  #receive(message: Message): void {
    if (message.kind === "desired") this.#accept(message.desired);
    else if (message.kind === "event") this.#apply(message.id, message.event);
    else if (message.kind === "over") this.#finish(message.id, message.end);
  }

  #accept(desired: Desired): void {
    for (const { id, epoch } of desired.replicas) {
      const seen = this.#epochs.all.get(id) ?? 0;
      if (epoch < seen) this.#tools.log(`${id}: epoch ${epoch} is not started, ${seen} was here`);
      if (!replica_id.test(id)) this.#tools.log(`${JSON.stringify(id)} is no replica id: ignored`);
    }
    const replicas = desired.replicas.filter(({ id }) => replica_id.test(id));
    this.#desired = { ...desired, replicas };
    for (const { id, epoch, asleep_bytes = 0 } of replicas) {
      const isOf = this.#replicas.get(id)?.spec.epoch === epoch;
      if (isOf) this.#runs.get(id)?.sleep_intent.set(asleep_bytes);
    }
  }

  #apply(id: string, event: ReplicaEvent): void {
    const replica = this.#replicas.get(id);
    if (replica !== undefined) this.#replicas.set(id, advance(replica, event));
  }

  #finish(id: string, end: RunEnd): void {
    this.#runs.delete(id);
    const replica = this.#replicas.get(id);
    if (end === "done" || replica?.state === "stopping") {
      this.#replicas.delete(id);
      return;
    }
    this.#tools.log(`${id}: ${end.message}`);
    const last = replica?.pid ? logTail(logPath(this.#tools, id), shown_lines) : [];
    const log_tail = end.log_lines.length > 0 ? end.log_lines : last;
    const failure = {
      cause: end.failure_class,
      detail: end.message,
      log_tail,
      retry: end.retry,
    };
    this.#apply(id, { kind: "ended", failure, at_ms: this.#tools.now() });
  }

  #act(action: Action): void {
    if (action.kind === "forget") this.#replicas.delete(action.id);
    else if (action.kind === "stop") {
      this.#apply(action.id, { kind: "stopping" });
      this.#runs.get(action.id)?.order.abort("drain" satisfies Order);
    } else this.#open(starting(action.spec, this.#replicas.get(action.spec.id)), undefined);
  }

  #open(replica: Replica, adopted: Handle | undefined): void {
    const { spec, restarts } = replica;
    const { id } = spec;
    this.#replicas.set(id, replica);
    const order = new AbortController();
    // A sleeper of an earlier agent sleeps on until the control plane says otherwise.
    const sleep_intent = new SleepIntent(adopted ? Number(adopted.asleep !== undefined) : 0);
    const recordEpoch = () => this.#epochs.record(id, spec.epoch);
    const tell = (event: ReplicaEvent) => this.#post({ kind: "event", id, event });
    const over = runReplica(
      { spec, restarts, adopted, tell, recordEpoch, sleep_intent, order: order.signal },
      this.#tools,
    ).then((end) => this.#post({ kind: "over", id, end }));
    this.#runs.set(id, { order, sleep_intent, over });
  }

  #post(message: Message): void {
    this.#inbox.push(message);
    this.#ring();
  }

  /** Resolves when something was posted or a crashed replica is due. */
  #nextMessage(): Promise<void> {
    if (this.#inbox.length > 0) return Promise.resolve();
    const due_ms = nextDeadline(this.#replicas);
    return new Promise((settle) => {
      const pause_ms = due_ms === undefined ? undefined : Math.max(0, due_ms - this.#tools.now());
      const timer = pause_ms === undefined ? undefined : setTimeout(() => this.#ring(), pause_ms);
      this.#ring = () => {
        clearTimeout(timer);
        settle();
      };
    });
  }

  #rotateLogs(): void {
    for (const id of this.#runs.keys()) {
      try {
        rotateLog(logPath(this.#tools, id));
      } catch {
        // No log yet, or a full disk: the next round tries again.
      }
    }
  }
}
