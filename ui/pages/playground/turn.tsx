/** One question and its answer, with what the answer cost in time and tokens. */
import { count, duration } from "../../format.ts";
import { type Answer, isOpen, tokens, tokensPerSecond, ttftMs } from "./answer.ts";
import { askAgain, type Turn } from "./conversation.ts";
import { blocks } from "./fences.ts";

export function TurnView({ turn }: { turn: Turn }) {
  const answer = turn.answer.value;
  return (
    <article class="turn">
      <div class="question">
        <p class="speaker">You</p>
        <p class="prose">{turn.question}</p>
      </div>
      <div class="answer" aria-busy={isOpen(answer)}>
        <p class="speaker">{turn.model}</p>
        {answer.reasoning && (
          <details class="reasoning">
            <summary>Reasoning</summary>
            <p class="prose">{answer.reasoning}</p>
          </details>
        )}
        <AnswerText answer={answer} />
        {answer.problem && (
          <div class="problem" role="alert">
            <p>{answer.problem.message}</p>
            {answer.problem.requestId && (
              <p class="request-id">
                Request <code>{answer.problem.requestId}</code>
              </p>
            )}
          </div>
        )}
        <Facts answer={answer} />
        {(answer.state === "failed" || answer.state === "stopped") && (
          <button type="button" class="small" onClick={() => askAgain(turn)}>
            Ask again
          </button>
        )}
      </div>
    </article>
  );
}

function AnswerText({ answer }: { answer: Answer }) {
  if (answer.state === "waiting") {
    return (
      <p class="waiting">
        <span class="spinner" aria-hidden="true" />
        {answer.note ?? "Waiting for the first token"}
      </p>
    );
  }
  return blocks(answer.text).map(({ is, text }, index) =>
    is === "code" ? (
      <pre key={index} class="code">
        {text}
      </pre>
    ) : (
      <p key={index} class="prose">
        {text}
      </p>
    ),
  );
}

const endings: Record<string, string> = {
  length: "cut at max tokens",
  content_filter: "cut by a content filter",
};

function Facts({ answer }: { answer: Answer }) {
  const ttft = ttftMs(answer);
  const { amount, exact } = tokens(answer);
  const speed = tokensPerSecond(answer);
  const facts: [string, string][] = [
    ...(ttft === null ? [] : [["TTFT", duration(ttft)] as [string, string]]),
    ...(amount === 0
      ? []
      : [["Tokens", `${exact ? "" : "about "}${count(amount)}`] as [string, string]]),
    ...(speed === null ? [] : [["Tokens/s", speed.toFixed(1)] as [string, string]]),
  ];
  const ending = answer.state === "stopped" ? "stopped by you" : endings[answer.finish ?? ""];
  if (facts.length === 0 && !ending) return null;
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
      {ending && (
        <div>
          <dt class="unseen">End</dt>
          <dd>{ending}</dd>
        </div>
      )}
    </dl>
  );
}
