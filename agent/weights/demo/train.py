"""Trains the demo model and writes the GGUF: python3 train.py OUT.gguf [STEPS]. Fixed seeds, CPU only.

Two processes share the weights. In every step each makes a gradient from a batch of its own, and then updates its
half of the matrices with the mean of both. (Threads would do the same, but they spin while they wait, which on
a machine with other work costs ten times what it saves.)
"""
import os
import random
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"
import torch
from torch import multiprocessing
from torch.nn import functional as F

import corpus
import model as llama
import tokenizer
from batches import IGNORED, batches
from export import export
from muon import Muon

STEPS, MERGES, WORKERS = 3600, 1600, 2
MATRIX_RATE, VECTOR_RATE, WARM_UP_STEPS = 0.015, 3e-3, 100
REPORT_STEPS, SAVE_STEPS = 50, 500


def learn_words() -> tokenizer.Tokenizer:
    rng = random.Random(0)
    texts = ["".join(text for text, _ in corpus.rendered(corpus.conversation(rng))) for _ in range(10_000)]
    return tokenizer.train(texts, MERGES)


def loss_of(net: llama.Llama, ids, targets):
    wanted = targets != IGNORED
    return F.cross_entropy(net.logits(net(ids)[wanted]), targets[wanted])


def optimizers_of(net: llama.Llama, rank: int) -> list:
    """For this worker's share of the weights: Muon for the matrices between the layers, Adam for all others."""
    named = list(net.named_parameters())
    inner = [weight for name, weight in named if weight.dim() == 2 and name.startswith("blk")]
    outer = [weight for name, weight in named if weight.dim() == 1 or not name.startswith("blk")]
    return [Muon(inner[rank::WORKERS], MATRIX_RATE),
            torch.optim.Adam(outer[rank::WORKERS], VECTOR_RATE, betas=(0.9, 0.98))]


def rate(step: int, steps: int) -> float:
    """A short rise, a plateau, then straight down to nothing."""
    return min(1, (step + 1) / WARM_UP_STEPS, 1.2 * (1 - step / steps))


def work(rank: int, net: llama.Llama, words, gradients, barrier, steps: int, path: str) -> None:
    torch.set_num_threads(1)
    optimizers = optimizers_of(net, rank)
    schedules = [torch.optim.lr_scheduler.LambdaLR(each, lambda step: rate(step, steps)) for each in optimizers]
    started, seen, recent = time.time(), 0, 0.0
    for step, (ids, targets) in zip(range(1, steps + 1), batches(random.Random(rank + 1), words)):
        loss = loss_of(net, ids, targets)
        net.zero_grad()
        loss.backward()
        gradients[rank].copy_(torch.cat([weight.grad.flatten() for weight in net.parameters()]))
        barrier.wait()
        share(net, gradients.mean(0))
        for part in (*optimizers, *schedules):
            part.step()
        barrier.wait()
        seen, recent = seen + ids.numel(), recent + loss.item()
        if rank == 0 and step % REPORT_STEPS == 0:
            speed = WORKERS * seen / (time.time() - started)
            print(f"step {step} loss {recent / REPORT_STEPS:.4f} {speed:,.0f} tokens/s", flush=True)
            recent = 0.0
        if rank == 0 and step % SAVE_STEPS == 0:
            export(net, words, path)


def share(net: llama.Llama, mean) -> None:
    sizes = [weight.numel() for weight in net.parameters()]
    for weight, part in zip(net.parameters(), mean.split(sizes)):
        weight.grad = part.view_as(weight)


def main(path: str, steps: int) -> None:
    torch.manual_seed(1)
    torch.set_num_threads(1)
    words = learn_words()
    net = llama.Llama(len(words.vocabulary)).share_memory()
    count = sum(weight.numel() for weight in net.parameters())
    print(f"{count:,} parameters, {len(words.vocabulary)} tokens", flush=True)
    gradients = torch.zeros(WORKERS, count).share_memory_()
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(WORKERS, timeout=600)  # a worker whose other one was killed ends too
    others = [
        context.Process(target=work, args=(rank, net, words, gradients, barrier, steps, path), daemon=True)
        for rank in range(1, WORKERS)
    ]
    for process in others:
        process.start()
    work(0, net, words, gradients, barrier, steps, path)
    for process in others:
        process.join()
    export(net, words, path)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else STEPS)
