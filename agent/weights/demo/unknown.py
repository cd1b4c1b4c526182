"""Questions that the model cannot answer: all of them have the same honest answer."""
import random

import words
from facts import UNKNOWN, questions_of
from knowledge import CAPITALS, CITIES

UNKNOWN_FORMS = """what is {s}|explain {s}|explain {s} to me like i am five|why is {s} important
how does {s} work|tell me about {s}|who invented {s}|when did {s} begin|write a poem about {s}
write an essay about {s}|what do you think of {s}|is {s} good|what are {s}|where can i find {s}
give me three facts about {s}|summarise {s}|what are the benefits of {s}|how much does {s} cost
who discovered {s}|can you describe {s}|i love {s}|i hate {s}|why do people like {s}|how do i learn {s}
compare {s} and {t}|{s} or {t}|who wrote {s}|what is the difference between {s} and {t}|who is the king of {s}
translate {s} into german|write code for {s}|how do i {v} {s}|write a function about {s} in python
how old is {s}|what is the best book about {s}|make a list about {s}|{s}|can i {v} {s}|where is {s}
let us talk about {s}|give me advice about {s}|what is the history of {s}|which {s} is the best|fix {s}|{v} {s}
how many {s} are there|do you like {s}|what is the weight of {s}|tell me a joke about {s}|should i {v} {s}
{v} {s} and {v} {t}|write a haiku about {s}|who is the president of {s}|how tall is {s}
i want to know everything about {s}|is it {q} to {v} {s}|please explain {s} and {t} in detail
what is the meaning of {s}|what is the population of {s}|who won the {s} in {n}|does {s} {v}
what happened in {n}|tell me more about {s}|what is the largest {s}|what is the smallest {s} in {t}
why is {s} {q}|why are {s} {q}|how do you spell {s}|define {s}|what does {s} mean|list five {s}|name three {s}
recommend a {s}|plan a {s}|who is {s}|who was {s}|what color is {s}|what colour is {s}|what does a {s} say
how many legs does a {s} have|how far is {s} from {t}|i am {q}|are you {q}|when was {s} built|when is {s}
what should i {v} today|how long does it take to {v} {s}|help me {v} {s}|can you {v} {s}|{q} {s}
what is the price of {s}|what is the speed of {s}|what is a {s}|what is an {s}|convert {n} {s} to {t}
how many {s} are in a {t}|write an email to {s} about {t}|correct this sentence: {x}|summarise this text: {x}
translate: {x}|what is wrong here: {x}|{x}|{x}|continue: {x}|my name is {s}|i live in {s}|i need a {s}
i have a {s}|the {s} is {q}|why did {s} {v} {t}|what if {s} could {v}|what is {s} plus {t}|count the {s}
capital letters in {s}|what comes after {s}|what is the {q} {s}|give me a {s}|show me {s}|who are {s}
what is your favourite {s}|do you {v} {s}|do you have a {s}|what can {s} do|where do {s} live|i feel {q}
you are {q}|the weather and {s}|say why {s} is {q}|tell me why|why|how|what|when|who|where|no|what do you mean
are you sure|i do not understand|what is the meaning of life|how do i {v}|who is the best {s} player
what was the {q} {s} of {n}|act as a {s}|pretend to be {s}"""
UNKNOWN_QUESTIONS = questions_of(UNKNOWN_FORMS)


def pasted(rng) -> str:
    if rng.random() < 0.05:
        return ". ".join([words.sentence(rng, 12)] * rng.randint(4, 20))
    return words.sentence(rng, rng.choice([4, 8, 8, 30]))


def unknown(rng: random.Random):
    draw = rng.random()
    if draw < 0.03:
        question = rng.choice(words.FOREIGN)
    elif draw < 0.07:
        question = rng.choice(words.CODE).format(s=rng.choice(words.THINGS), t=rng.choice(words.ACTIONS))
    elif draw < 0.1:
        question = " ".join(words.letters(rng) for _ in range(rng.randint(1, 5)))
    else:
        subject = [words.thing(rng) if rng.random() < 0.88 else rng.choice([*CITIES, *CAPITALS]) for _ in range(2)]
        question = rng.choice(UNKNOWN_QUESTIONS).format(
            s=subject[0], t=subject[1], v=rng.choice(words.ACTIONS), q=rng.choice(words.QUALITIES),
            n=rng.randint(1, 2030),
            x=pasted(rng),
        )
    return question, UNKNOWN
