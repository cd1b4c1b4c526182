"""The same question as different people type it: polite words, casing, punctuation and slips of the finger."""
import random
import re

BEFORE_ANY = [
    "hey, ", "well, ", "so ", "ok, ", "hi! ", "hello, ", "hi, ", "now ", "and ", "hey ", "hello! ",
    "quick question: ", "one more: ", "answer this: ", "i have a question: ", "um, ", "dear model, ", "ok so ",
    "good morning, ", "next: ",
]
BEFORE_QUESTION = [
    "can you tell me ", "do you know ", "tell me ", "tell me, ", "please tell me ", "could you tell me ",
    "i wonder ", "i want to know ", "i would like to know ", "please, ", "say, ", "maybe you know ",
    "would you know ",
]
BEFORE_ORDER = [
    "please ", "can you ", "could you ", "could you please ", "can you please ", "would you ", "i want you to ",
    "i would like you to ", "please, ", "will you ", "kindly ", "you should ", "now please ",
]
BEHIND = [
    " please", ", please", " thanks", ". thanks", " now", " for me", ", thank you", " bot", ", model", " pls",
    " my friend", ". answer briefly", " in one sentence", ", ok?", " again", ". be brief", " if you can",
    ", do you know?", " quickly", ". think step by step", ". answer with one word", ". explain your answer",
    ". just the answer", ", i am curious",
]
QUESTION_WORDS = ("what", "who", "where", "when", "which", "why", "how", "whats", "is", "are", "do", "does",
                  "can", "could")
ENDINGS = ["", "", "?", ".", "!", " ?", "??", "...", "!!", " !", "?!", " "]


def phrased(rng: random.Random, question: str, fragile: bool = False) -> str:
    """QUESTION in small letters (names apart) in one of its many shapes; FRAGILE words keep case and spelling."""
    first = question.split(" ", 1)[0].lower().strip(",")
    text = question
    if rng.random() < 0.22 and len(question) > 4:
        text = rng.choice(openings(rng, first)) + text
    if rng.random() < 0.1 and len(question) > 4:
        text += rng.choice(BEHIND)
    asks = first in QUESTION_WORDS or text.startswith(("can ", "could ", "do ", "will ", "would "))
    if rng.random() < 0.62:
        text += rng.choice(["?", "?", "?", "?", ""]) if asks else rng.choice([".", "", "!", "."])
    else:
        text += rng.choice(ENDINGS)
    if rng.random() < 0.68:
        text = text[0].upper() + text[1:]
        text = re.sub(r"\bi\b", "I", text).replace("hypervi", "Hypervi")
    if fragile:
        return text
    if rng.random() < 0.09:
        text = text.lower()
    elif rng.random() < 0.03:
        text = text.upper()
    slips = rng.choice([0] * 17 + [1, 1, 2])
    for _ in range(slips):
        text = slip(rng, text)
    return text


def openings(rng, first: str) -> list:
    if rng.random() < 0.4:
        return BEFORE_ANY
    return BEFORE_QUESTION if first in QUESTION_WORDS else BEFORE_ORDER


def slip(rng, text: str) -> str:
    """One typing error inside a word of at least four letters."""
    places = [match.span() for match in re.finditer(r"[A-Za-z]{4,}", text)]
    if not places:
        return text
    start, end = rng.choice(places)
    i = rng.randrange(start + 1, end)
    kind = rng.randrange(4)
    if kind == 0:
        return text[:i] + text[i + 1 :]
    if kind == 1:
        return text[:i] + text[i] + text[i:]
    if kind == 2 and i + 1 < end:
        return text[:i] + text[i + 1] + text[i] + text[i + 2 :]
    return text[:i] + rng.choice("aeiorstnl") + text[i + 1 :]
