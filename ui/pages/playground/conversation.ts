/** The conversation of this page: held in memory only, gone with a reload or a sign-out. */
import { computed, type Signal, signal } from "@preact/signals";
import { asProblem, streamChat } from "../../api.ts";
import { whenSessionEnds } from "../../session.ts";
import { type Answer, asked, ended, failed, grown, isOpen, stopped } from "./answer.ts";
import { readChat } from "./chat-stream.ts";
import { chatRequest, type Message, type Settings } from "./request.ts";

export interface Turn {
  id: number;
  question: string;
  model: string;
  answer: Signal<Answer>;
}

export const settings = signal<Settings>({
  model: "",
  system: "",
  temperature: 0,
  max_tokens: 512,
});
export const draft = signal("");
export const turns = signal<readonly Turn[]>([]);
export const answering = computed(() => turns.value.some(({ answer }) => isOpen(answer.value)));

let running: AbortController | undefined;
let lastId = 0;

export function change(part: Partial<Settings>): void {
  settings.value = { ...settings.value, ...part };
}

/** What was said so far. A failed turn is not repeated to the model, a stopped one is. */
export function said(): Message[] {
  return turns.value.flatMap(({ question, answer }): Message[] => {
    const { state, text } = answer.value;
    if (state === "failed" || text === "") return [];
    return [
      { role: "user", content: question },
      { role: "assistant", content: text },
    ];
  });
}

export function send(question: string): void {
  if (answering.value || question.trim() === "" || settings.value.model === "") return;
  const body = chatRequest(settings.value, said(), question);
  const answer = signal(asked(performance.now()));
  lastId += 1;
  turns.value = [...turns.value, { id: lastId, question, model: body.model, answer }];
  draft.value = "";
  void listen(answer, body);
}

/** Asks the question of a failed or stopped last turn again, in its place. */
export function askAgain(turn: Turn): void {
  if (answering.value) return;
  turns.value = turns.value.filter(({ id }) => id !== turn.id);
  send(turn.question);
}

/** Aborts the request: the gateway sees the closed connection and stops the runtime. */
export function stop(): void {
  running?.abort();
}

export function clear(): void {
  stop();
  turns.value = [];
}

async function listen(answer: Signal<Answer>, body: unknown): Promise<void> {
  const abort = new AbortController();
  running = abort;
  try {
    const response = await streamChat(body, abort.signal);
    answer.value = { ...answer.value, request_id: response.headers.get("x-request-id") };
    if (!response.body) throw new Error("a stream without a body");
    await readChat(response.body, (event) => {
      answer.value = grown(answer.value, event, performance.now());
    });
    answer.value = ended(answer.value);
  } catch (error) {
    answer.value = abort.signal.aborted ? stopped(answer.value) : broken(answer.value, error);
  }
}

/** Before the first byte the API says what went wrong; later the connection itself broke. */
function broken(answer: Answer, error: unknown): Answer {
  if (answer.request_id !== null) return ended({ ...answer, finish: null });
  const { message, requestId } = asProblem(error);
  return failed(answer, message, requestId);
}

whenSessionEnds(() => {
  clear();
  draft.value = "";
  change({ system: "" });
});
