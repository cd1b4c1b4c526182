"""The llama architecture in its smallest form; tensor names are llama.cpp's."""
import math

import torch
from torch import nn
from torch.nn import functional as F

WIDTH, LAYERS, HEADS, KV_HEADS, HIDDEN = 192, 4, 6, 2, 512
HEAD = WIDTH // HEADS
ROPE_BASE, EPSILON = 10_000.0, 1e-5


class Norm(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(WIDTH))

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + EPSILON) * self.weight


def rotations(length: int):
    angles = torch.outer(torch.arange(length), ROPE_BASE ** (-torch.arange(0, HEAD, 2) / HEAD))
    return angles.cos(), angles.sin()


def rotate(x, cos, sin):
    """Neighbouring pairs, as llama.cpp does for this architecture: no permutation on export."""
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2)


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.attn_norm, self.ffn_norm = Norm(), Norm()
        self.attn_q = nn.Linear(WIDTH, WIDTH, bias=False)
        self.attn_k = nn.Linear(WIDTH, KV_HEADS * HEAD, bias=False)
        self.attn_v = nn.Linear(WIDTH, KV_HEADS * HEAD, bias=False)
        self.attn_output = nn.Linear(WIDTH, WIDTH, bias=False)
        self.ffn_gate = nn.Linear(WIDTH, HIDDEN, bias=False)
        self.ffn_up = nn.Linear(WIDTH, HIDDEN, bias=False)
        self.ffn_down = nn.Linear(HIDDEN, WIDTH, bias=False)

    def forward(self, x, cos, sin, mask):
        batch, length, _ = x.shape
        y = self.attn_norm(x)
        q = self.attn_q(y).view(batch, length, HEADS, HEAD).transpose(1, 2)
        k = self.attn_k(y).view(batch, length, KV_HEADS, HEAD).transpose(1, 2)
        v = self.attn_v(y).view(batch, length, KV_HEADS, HEAD).transpose(1, 2)
        k = rotate(k, cos, sin).repeat_interleave(HEADS // KV_HEADS, 1)
        v = v.repeat_interleave(HEADS // KV_HEADS, 1)
        scores = rotate(q, cos, sin) @ k.transpose(2, 3) / math.sqrt(HEAD) + mask
        y = (scores.softmax(-1) @ v).transpose(1, 2).reshape(batch, length, WIDTH)
        x = x + self.attn_output(y)
        y = self.ffn_norm(x)
        return x + self.ffn_down(F.silu(self.ffn_gate(y)) * self.ffn_up(y))


class Llama(nn.Module):
    """The output matrix is the embedding: llama.cpp does the same when a file has no `output`."""

    def __init__(self, vocabulary: int):
        super().__init__()
        self.token_embd = nn.Embedding(vocabulary, WIDTH)
        self.blk = nn.ModuleList(Block() for _ in range(LAYERS))
        self.output_norm = Norm()
        for name, weight in self.named_parameters():
            if weight.dim() == 2:
                deep = name.endswith(("attn_output.weight", "ffn_down.weight"))
                nn.init.normal_(weight, std=0.04 / (math.sqrt(2 * LAYERS) if deep else 1))

    def forward(self, ids):
        """The state behind each token; logits() makes a prediction of it."""
        length = ids.shape[1]
        cos, sin = rotations(length)
        mask = torch.full((length, length), -1e9).triu(1)
        x = self.token_embd(ids)
        for block in self.blk:
            x = block(x, cos, sin, mask)
        return self.output_norm(x)

    def logits(self, state):
        return state @ self.token_embd.weight.T
