"""Endless batches of token ids, of which only the answers are learned."""
import random

import torch

import corpus
import facts
import tokenizer

TOKENS_PER_BATCH, LONGEST = 1536, 512
RAW_SHARE, REPEAT_SHARE, LONGEST_REPEAT = 0.03, 0.07, 24
KNOWN_BY_HEART = {*facts.INTENTS, facts.UNKNOWN, facts.NO_SUM}
SHORTENED_SHARE, SHORTENED_TOKENS = 0.85, 6
IGNORED = -1


def sample(rng: random.Random, words: tokenizer.Tokenizer):
    """Token ids and, for each, whether it is to be learned. A fixed answer at the end is mostly cut short:
    to choose it is hard, to finish it is not."""
    draw = rng.random()
    if draw < REPEAT_SHARE:
        return repeated(rng, len(words.vocabulary) - len(tokenizer.SPECIAL))
    raw = draw < REPEAT_SHARE + RAW_SHARE
    turns = [] if raw else corpus.conversation(rng)
    ids, learned = [], []
    for text, is_answer in corpus.plain(rng) if raw else corpus.rendered(turns):
        piece = words.encode(text)
        ids += piece
        learned += [is_answer] * len(piece)
    if turns and turns[-1][1] in KNOWN_BY_HEART and rng.random() < SHORTENED_SHARE:
        end = len(ids) - len(words.encode(turns[-1][1])) + SHORTENED_TOKENS
        ids, learned = ids[:end], learned[:end]
    return ids[:LONGEST], learned[:LONGEST]


def repeated(rng: random.Random, most: int):
    """Random tokens, twice: nothing teaches faster to copy, and whoever copies can fill in a tool call."""
    once = [rng.randrange(most) for _ in range(rng.randint(4, LONGEST_REPEAT))]
    return once + once, [False] * len(once) + [True] * len(once)


def batches(rng: random.Random, words: tokenizer.Tokenizer):
    """Yields (ids, targets); samples of similar length lie together, so that little is padding."""
    while True:
        pool = sorted((sample(rng, words) for _ in range(2000)), key=lambda s: len(s[0]))
        groups, group = [], []
        for item in pool:
            if group and (len(group) + 1) * len(item[0]) > TOKENS_PER_BATCH:
                groups.append(group)
                group = []
            group.append(item)
        rng.shuffle(groups)
        yield from map(tensors_of, groups)


def tensors_of(group):
    width = max(len(ids) for ids, _ in group)
    ids = torch.zeros(len(group), width, dtype=torch.long)
    targets = torch.full((len(group), width), IGNORED)
    for row, (tokens, learned) in enumerate(group):
        ids[row, : len(tokens)] = torch.tensor(tokens)
        wanted = [token if keep else IGNORED for token, keep in zip(tokens, learned)]
        targets[row, : len(tokens) - 1] = torch.tensor(wanted[1:])
    return ids, targets
