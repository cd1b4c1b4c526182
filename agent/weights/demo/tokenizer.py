"""Byte-level BPE exactly as llama.cpp does it for `tokenizer.ggml.pre = gpt-2`."""
import re
from collections import Counter, defaultdict

SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
LETTER = r"[^\W\d_]"  # \p{L} for every text of ours; Python's own `re` has no classes by property
WORDS = re.compile(rf"'s|'t|'re|'ve|'m|'ll|'d| ?{LETTER}+| ?\d+| ?(?:_|[^\s\w])+|\s+(?!\S)|\s+")
SPECIAL_TEXT = re.compile("(" + "|".join(map(re.escape, SPECIAL)) + ")")


def byte_characters() -> dict:
    """GPT-2's printable stand-in for each byte."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    table, spare = {byte: chr(byte) for byte in plain}, 256
    for byte in range(256):
        if byte not in table:
            table[byte] = chr(spare)
            spare += 1
    return table


STAND_IN = byte_characters()
SPACE = STAND_IN[32]


class Tokenizer:
    """Ids: bytes and merges in the order of learning, then the special tokens."""

    def __init__(self, merges: list):
        self.merges = merges
        alphabet = [STAND_IN[byte] for byte in range(256)]
        self.vocabulary = [*alphabet, *(a + b for a, b in merges), *SPECIAL]
        self.ids = {token: i for i, token in enumerate(self.vocabulary)}
        self.rank = {pair: i for i, pair in enumerate(merges)}
        self.known = {}

    def encode(self, text: str) -> list:
        """Special tokens are recognised anywhere in TEXT."""
        ids = []
        for piece in SPECIAL_TEXT.split(text):
            if piece in SPECIAL:
                ids.append(self.ids[piece])
            else:
                for word in WORDS.findall(piece):
                    ids += self.encode_word(word)
        return ids

    def encode_word(self, word: str) -> list:
        if word not in self.known:
            symbols = spelled(word)
            while len(symbols) > 1:
                pair = min(zip(symbols, symbols[1:]), key=lambda p: self.rank.get(p, len(self.rank)))
                if pair not in self.rank:
                    break
                symbols = merge(symbols, pair)
            self.known[word] = [self.ids[symbol] for symbol in symbols]
        return self.known[word]


def spelled(word: str) -> list:
    return [STAND_IN[byte] for byte in word.encode("utf-8")]


def merge(symbols: list, pair: tuple) -> list:
    merged, i = [], 0
    while i < len(symbols):
        if tuple(symbols[i : i + 2]) == pair:
            merged.append(pair[0] + pair[1])
            i += 2
        else:
            merged.append(symbols[i])
            i += 1
    return merged


def allowed(pair: tuple) -> bool:
    """Names and numbers have the same tokens with and without a space before them: easy to copy and to compare."""
    return not (pair[0] == SPACE and (pair[1][0].isupper() or pair[1][0].isdigit()))


def train(texts: list, count: int) -> Tokenizer:
    """Learns COUNT merges: each time the most frequent pair, ties by spelling."""
    pieces = (piece for text in texts for piece in SPECIAL_TEXT.split(text) if piece not in SPECIAL)
    counts = Counter(word for piece in pieces for word in WORDS.findall(piece))
    symbols = {word: spelled(word) for word in counts}
    pairs, where = Counter(), defaultdict(set)

    def tally(word: str, sign: int) -> None:
        for pair in zip(symbols[word], symbols[word][1:]):
            if allowed(pair):
                pairs[pair] += sign * counts[word]
                where[pair].add(word)

    for word in counts:
        tally(word, 1)
    merges = []
    for _ in range(count):
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        merges.append(best)
        for word in where.pop(best):
            tally(word, -1)
            symbols[word] = merge(symbols[word], best)
            tally(word, 1)
    return Tokenizer(merges)
