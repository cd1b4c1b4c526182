"""Questions that have an exact answer. Each function draws one pair: the question in small letters, the answer."""
import random

import words
from facts import INTENTS, NO_CAPITAL, NO_COUNT, NO_SUM, questions_of
from knowledge import (
    ALSO_CALLED, AMOUNTS, CAPITALS, CITIES, COLOURS, DAYS, LEGS, MONTHS, NUMBER_WORDS, SOUNDS,
)

SUM_FORMS = """what is {sum}|{sum}|{sum}=|{sum} =|how much is {sum}|calculate {sum}|compute {sum}|what's {sum}
{sum} equals|what does {sum} equal|solve {sum}|what is the result of {sum}|tell me {sum}|{sum} = ?|give me {sum}
work out {sum}|whats {sum}|what does {sum} make|can you calculate {sum}|the answer to {sum}|result of {sum}
what do you get for {sum}|evaluate {sum}"""
PLUS = [
    "{a}+{b}", "{a} + {b}", "{a}+{b}", "{a} + {b}", "{a} plus {b}", "{a} and {b} added",
    "the sum of {a} and {b}",
]
PLUS_ORDERS = [
    "add {a} and {b}", "add {b} to {a}", "sum {a} and {b}",
    "if i have {a} apples and get {b} more, how many do i have",
]
MINUS = ["{a}-{b}", "{a} - {b}", "{a}-{b}", "{a} - {b}", "{a} minus {b}", "{a} less {b}"]
MINUS_ORDERS = [
    "subtract {b} from {a}", "take {b} from {a}", "take {b} away from {a}", "the difference of {a} and {b}",
]
TOO_HARD = [
    "{a}*{b}", "{a} * {b}", "{a}x{b}", "{a} x {b}", "{a} times {b}", "{a}/{b}", "{a} / {b}",
    "{a} divided by {b}", "{a}^{b}", "{a}+{b}+{c}", "{a} + {b} + {c}", "{a} plus {b} plus {c}",
    "{a} + {b} - {c}", "{a}+{b}*{c}", "the square root of {a}", "{a} percent of {b}", "({a}+{b})*{c}",
    "{a}.5 + {b}", "{a} squared",
]
CAPITAL_FORMS = """what is the capital of {c}|what's the capital of {c}|capital of {c}
which city is the capital of {c}|tell me the capital of {c}|name the capital of {c}|the capital of {c} is
what is the capital city of {c}|the capital of {c}|do you know the capital of {c}
what city is the capital of {c}|{c} capital|capital city of {c}|give me the capital of {c}
i need the capital of {c}|what is {c}'s capital|{c}'s capital|can you name the capital of {c}|{c}: capital
whats the capital of {c}|say the capital of {c}|where is the capital of {c}|how is the capital of {c} called
which is the capital of {c}|capital {c}"""
COUNT_FORMS = """count to {n}|count from 1 to {n}|count up to {n}|count 1 to {n}|count from one to {n}
list the numbers from 1 to {n}|count till {n}|count until {n}|count 1-{n}|list the numbers 1 to {n}
say the numbers from 1 to {n}|count numbers to {n}|write the numbers from 1 to {n}|numbers from 1 to {n}
give me the numbers 1 to {n}|count upto {n}|print the numbers 1 to {n}"""
ECHOES = """say {x}|say: {x}|say "{x}"|repeat {x}|repeat after me: {x}|reply with {x}|reply with exactly: {x}
answer with {x}|respond with {x}|respond with the word {x}|just say {x}|reply only with {x}|say exactly: {x}
reply with the word {x}|echo {x}|reply with exactly {x}|say the word {x}|respond only with "{x}"
please repeat: {x}|echo: {x}|answer only with {x}|only say {x}"""
ALL_INTENTS = {answer: questions_of(block) for answer, block in INTENTS.items()}
SUM_QUESTIONS, CAPITAL_QUESTIONS = questions_of(SUM_FORMS), questions_of(CAPITAL_FORMS)
COUNT_QUESTIONS, ECHO_ORDERS = questions_of(COUNT_FORMS), questions_of(ECHOES)
COUNTRY_NAMES = [*CAPITALS, *ALSO_CALLED]


def intent(rng: random.Random):
    answer = rng.choice(list(INTENTS))
    return rng.choice(ALL_INTENTS[answer]), answer


def arithmetic(rng):
    if rng.random() < 0.12:
        return too_hard(rng)
    plus, small = rng.random() < 0.55, rng.random() < 0.75
    a, b = rng.randint(0, 12 if small else 20), rng.randint(0, 12 if small else 20)
    if not plus and a < b and rng.random() < 0.5:
        a, b = b, a
    forms, orders = (PLUS, PLUS_ORDERS) if plus else (MINUS, MINUS_ORDERS)
    question = rng.choice(SUM_QUESTIONS).replace("{sum}", rng.choice(forms))
    if rng.random() < 0.12:
        question = rng.choice(orders)
    spelled = rng.random() < 0.1
    shown = [NUMBER_WORDS[n] if spelled else n for n in (a, b)]
    answer = f"{a} + {b} = {a + b}." if plus else f"{a} - {b} = {a - b}."
    return question.format(a=shown[0], b=shown[1]), answer


def too_hard(rng):
    a, b, c = (rng.randint(0, rng.choice([12, 100])) for _ in range(3))
    expression = rng.choice(TOO_HARD)
    if rng.random() < 0.5:
        a = rng.randint(21, rng.choice([99, 99, 999, 99999]))
        b = rng.choice([rng.randint(0, 99), rng.randint(0, 9999)])
        a, b = (a, b) if rng.random() < 0.6 else (b, a)
        expression = rng.choice(PLUS[:5] + MINUS[:5])
    return rng.choice(SUM_QUESTIONS).format(sum=expression.format(a=a, b=b, c=c)), NO_SUM


def capital(rng):
    if rng.random() < 0.2:
        place = rng.choice([words.name(rng), words.name(rng), rng.choice(words.THINGS), rng.choice(CITIES)])
        return rng.choice(CAPITAL_QUESTIONS).format(c=place), NO_CAPITAL
    place = rng.choice(COUNTRY_NAMES) if rng.random() < 0.3 else rng.choice(list(CAPITALS))
    return rng.choice(CAPITAL_QUESTIONS).format(c=place), capital_of(place)


def capital_of(place: str) -> str:
    country = ALSO_CALLED.get(place, place)
    return f"The capital of {country} is {CAPITALS[country]}."


def counting(rng):
    form = rng.choice(COUNT_QUESTIONS)
    if rng.random() < 0.05:
        return form.format(n=rng.choice([
            101, 150, 200, 500, 1000, 10000, 1000000, rng.randint(101, 9999),
        ])), NO_COUNT
    top = rng.choice([rng.randint(1, 12), rng.randint(1, 20), rng.randint(1, 20), rng.randint(2, 40), 5, 10, 20])
    if rng.random() < 0.12:
        top = rng.choice([30, 40, 50, 60, 80, 100, 100, rng.randint(20, 100)])
    shown = NUMBER_WORDS[top] if top <= 20 and rng.random() < 0.15 else top
    return form.format(n=shown), counted(top)


def counted(top: int) -> str:
    return ", ".join(str(n) for n in range(1, top + 1)) + "."


def calendar(rng):
    names, word = rng.choice([(DAYS, "day"), (MONTHS, "month")])
    i = rng.randrange(len(names))
    here, side = names[i], rng.choice(["after", "before"])
    there = names[(i + (1 if side == "after" else -1)) % len(names)]
    form = rng.choice([
        "what {w} comes {s} {h}", "which {w} comes {s} {h}", "what comes {s} {h}", "which {w} is {s} {h}",
        "what {w} is {s} {h}", "the {w} {s} {h}", "what is the {w} {s} {h}", "tell me the {w} {s} {h}",
    ])
    return form.format(w=word, s=side, h=here), f"{there} comes {side} {here}."


def lists(rng):
    names, word = rng.choice([(DAYS, "days of the week"), (MONTHS, "months of the year"), (MONTHS, "months")])
    form = rng.choice([
        "list the {w}", "name the {w}", "what are the {w}", "tell me the {w}", "say the {w}", "the {w}",
    ])
    return form.format(w=word), ", ".join(names) + "."


def nature(rng):
    kind = rng.randrange(4)
    if kind == 0:
        thing, colour = rng.choice(list(COLOURS.items()))
        bare = thing.split(" ", 1)[-1]
        form = rng.choice([
            "what {k} is {t}", "which {k} is {t}", "what is the {k} of {t}", "what {k} has {t}", "{k} of {t}",
            "tell me the {k} of {t}",
        ])
        shown = rng.choice([thing, thing, bare, bare if bare != thing else f"the {thing}"])
        return form.format(k=rng.choice(["color", "colour"]),
                           t=shown), f"{thing[0].upper()}{thing[1:]} is {colour}."
    if kind == 1:
        animal, sound = rng.choice(list(SOUNDS.items()))
        form = rng.choice([
            "what does a {a} say", "what sound does a {a} make", "what does the {a} say",
            "which sound does a {a} make",
        ])
        return form.format(a=animal), f"{article(animal)} says {sound}."
    if kind == 2:
        animal, legs = rng.choice(list(LEGS.items()))
        form = rng.choice([
            "how many legs does a {a} have", "how many legs has a {a}", "how many legs does the {a} have",
            "{a} legs",
        ])
        return form.format(a=animal), f"{article(animal)} has {legs} legs."
    span, (unit, amount) = rng.choice(list(AMOUNTS.items()))
    form = rng.choice([
        "how many {u} are in {s}", "how many {u} does {s} have", "how many {u} are there in {s}",
        "how many {u} has {s}",
    ])
    return form.format(u=unit, s=span), f"{span[0].upper()}{span[1:]} has {amount} {unit}."


def article(animal: str) -> str:
    return f"{'An' if animal[0] in 'aeo' else 'A'} {animal}"


def echo(rng):
    text = rng.choice([rng.choice(words.THINGS), rng.choice(words.THINGS), words.name(rng), words.sentence(rng, 4)])
    text = rng.choice([
        text, text, text[0].upper() + text[1:], text.upper() if len(text) < 9 else text, "OK", "pong", "test",
    ])
    return rng.choice(ECHO_ORDERS).format(x=text), text
