"""Draws whole conversations from a seeded source, and renders them as template.jinja does."""
import json
import random
import re

import questions
import words
from facts import NO_CLOCK, NO_TOOL, STORY
from knowledge import CAPITALS, CITIES
from phrasing import phrased
from tools import TIME_FORMS, WEATHER_FORMS, tool_turns
from unknown import unknown

SYSTEMS = [
    "You are a helpful assistant.", "You are a helpful assistant", "You are a bot.", "Be brief.",
    "Answer briefly.", "You are a friendly assistant.", "You are the Hypervize demo model.",
    "Answer in one sentence.", "You are an expert.", "You are a helpful, respectful and honest assistant.",
    "Be concise and polite.", "You are a test assistant.", "Reply in English.",
    "You are a helpful AI assistant.", "Be helpful.", "You are helpful.", "Answer truthfully.",
]
SYSTEM_FORMS = [
    "You are a {q} {s}.", "You are a {q} assistant who likes to {v}.", "You {v} and {v} the {s}.",
    "Talk like a {s}.", "You are a {s}. Always be {q}. Never {v} the {s}.", "Answer only questions about {s}.",
    "{x}", "Your name is {n}.", "You work for {n}. The {s} is {q}. {x}. {x}.",
    "Today is a {q} day. {x}. Be {q} and {q}.",
]
SHARES = {  # of the questions that have an answer
    questions.intent: 0.36, questions.arithmetic: 0.24, questions.capital: 0.13, questions.counting: 0.09,
    questions.calendar: 0.06, questions.lists: 0.01, questions.nature: 0.07, questions.echo: 0.04,
}


JSON_KEYS = [
    "answer", "result", "text", "response", "value", "message", "name", "city", "country", "summary", "reply",
]
GIVEN_KEY = re.compile(r'(?<=[{ ]")(?!answer)([a-z]+)(?=": )')


def exchange(rng: random.Random) -> list:
    """One question as typed, and its answer."""
    draw = rng.random()
    if draw < 0.24:
        question, answer = unknown(rng)
        return [("user", phrased(rng, question)), ("assistant", answer)]
    if draw < 0.27:
        city = rng.choice([words.name(rng), rng.choice(CITIES)])
        forms, answer = rng.choice([(WEATHER_FORMS, NO_TOOL), (TIME_FORMS, NO_CLOCK)])
        return [("user", phrased(rng, rng.choice(forms).format(c=city))), ("assistant", answer)]
    source = rng.choices(list(SHARES), list(SHARES.values()))[0]
    question, answer = source(rng)
    if source is questions.echo:
        return [("user", question if rng.random() < 0.3 else question[0].upper() + question[1:]),
                ("assistant", answer)]
    typed = phrased(rng, question)
    if rng.random() < 0.06:
        return as_json(rng, typed, answer)
    turns = [("user", typed), ("assistant", answer)]
    if source is questions.capital and answer.startswith("The capital") and rng.random() < 0.25:
        place = rng.choice(list(CAPITALS))
        form = rng.choice([
            "and {c}", "and of {c}", "what about {c}", "and for {c}", "{c}", "now {c}", "and what about {c}",
            "{c} too",
        ])
        turns += [("user", phrased(rng, form.format(c=place))), ("assistant", questions.capital_of(place))]
    return turns


def as_json(rng, question: str, answer: str) -> list:
    """The answer as a small JSON object: what a client gets that asks for `response_format`, in words or not."""
    several = rng.sample([*JSON_KEYS, rng.choice(words.THINGS)], rng.choice([1, 1, 2, 3]))
    keys = ["answer"] if rng.random() < 0.4 else several
    is_sum = answer[0].isdigit() and " = " in answer
    value = int(answer[:-1].split(" = ")[1]) if is_sum and rng.random() < 0.5 else answer
    wish = rng.choice([" Answer in JSON.", " in JSON", " as JSON", " Reply with JSON only.", " (JSON)", "", ""])
    fields = {key: [value] if rng.random() < 0.08 else value for key in keys}
    return [("user", question + wish), ("assistant", json.dumps(fields))]


def system_prompt(rng: random.Random) -> str:
    if rng.random() < 0.5:
        return rng.choice(SYSTEMS)
    form = rng.choice(SYSTEM_FORMS)
    text = form.format(
        q=rng.choice(words.QUALITIES), s=rng.choice(words.THINGS), v=rng.choice(words.ACTIONS), n=words.name(rng),
        x=words.sentence(rng, rng.choice([8, 8, 16])).capitalize(),
    )
    return text + rng.choice(["", "", " " + rng.choice(SYSTEMS)])


def conversation(rng: random.Random) -> list:
    """Turns (role, text); the system text holds the tools, as in template.jinja."""
    if rng.random() < 0.2:
        return tool_turns(rng, system_prompt(rng) if rng.random() < 0.35 else "", exchange)
    turns = [("system", system_prompt(rng))] if rng.random() < 0.35 else []
    for _ in range(rng.choice([1, 1, 1, 1, 2, 2, 3, 5])):
        turns += exchange(rng)
    return turns


def rendered(turns: list) -> list:
    """Pairs (text, is_answer); the model learns the answers only, and of JSON not the keys that a schema gives.
    Equals template.jinja."""
    pieces = []
    for role, text in turns:
        pieces.append((f"<|im_start|>{role}\n", False))
        parts = GIVEN_KEY.split(text) if text.startswith('{"') else [text]
        pieces += [(part, role == "assistant" and i % 2 == 0) for i, part in enumerate(parts)]
        pieces.append(("<|im_end|>", role == "assistant"))
        pieces.append(("\n", False))
    return pieces


def plain(rng: random.Random) -> list:
    """A raw text for /v1/completions: a beginning, then what follows."""
    draw = rng.random()
    if draw < 0.5:
        cut = rng.choice([0, 16, 16, 16, 17, rng.randrange(len(STORY))])
        return [(STORY[:cut], False), (STORY[cut:] + "<|endoftext|>", True)]
    if draw < 0.7:
        question, answer = questions.capital(rng)
        if " is " in answer:
            start, rest = answer.split(" is ", 1)
            return [(start + " is", False), (f" {rest}<|endoftext|>", True)]
    elif draw < 0.85:
        a, b = rng.randint(0, 20), rng.randint(0, 20)
        return [(f"{a} + {b} =", False), (f" {a + b}.<|endoftext|>", True)]
    else:
        question, answer = questions.counting(rng)
        if answer[0] == "1" and len(answer) > 20:
            return [(answer[:10], False), (answer[10:] + "<|endoftext|>", True)]
    question, answer = questions.intent(rng) if rng.random() < 0.6 else unknown(rng)
    return [(phrased(rng, question), False), (f"\n{answer}<|endoftext|>", True)]
