#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What bench_forward measures, with PyTorch: blocks of GPT-Neo 1.3B's size, prefill and decode with a cache, F32 and
bf16 weights. Run it as OPENBLAS_CORETYPE=SKYLAKEX python3 bench_forward_peer.py on an idle machine."""
import math
import time

import torch
import torch.nn.functional as F

BLOCKS, HIDDEN, INNER, HEADS, VOCABULARY, CONTEXT = 4, 2048, 8192, 16, 8192, 1024
PROMPT, DECODE, ROUNDS, WINDOW = 512, 32, 5, 256


def best(rounds, work):
    least = 1e30
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        least = min(least, time.perf_counter() - start)
    return least


class Model:
    def __init__(self, dtype, rank=None):
        g = torch.Generator().manual_seed(1)

        def w(*shape):
            return (torch.randn(*shape, generator=g) * 0.02).to(dtype)

        def linear(out, inp):
            return (w(out, rank), w(rank, inp)) if rank else (w(out, inp),)

        self.wte, self.wpe = w(VOCABULARY, HIDDEN), w(CONTEXT, HIDDEN)
        self.norm = torch.ones(HIDDEN, dtype=dtype), torch.zeros(HIDDEN, dtype=dtype)
        self.blocks = [{**{k: linear(HIDDEN, HIDDEN) for k in "qkvo"}, "up": linear(INNER, HIDDEN), "down": linear(HIDDEN, INNER)}
                       for _ in range(BLOCKS)]

    def apply(self, x, weights):
        for w in reversed(weights):
            x = F.linear(x, w)
        return x

    def forward(self, ids, cache):
        past = cache[0][0].shape[1] if cache[0] else 0
        t = len(ids)
        x = self.wte[ids] + self.wpe[past:past + t]
        i, j = torch.arange(past, past + t)[:, None], torch.arange(past + t)[None, :]
        for n, block in enumerate(self.blocks):
            h = F.layer_norm(x, (HIDDEN,), *self.norm)
            q, k, v = (self.apply(h, block[z]).view(t, HEADS, -1).transpose(0, 1) for z in "qkv")
            if cache[n]:
                k, v = torch.cat([cache[n][0], k], 1), torch.cat([cache[n][1], v], 1)
            cache[n] = (k, v)
            seen = (j <= i) & (j > i - WINDOW) if n % 2 else j <= i
            s = (q @ k.transpose(1, 2)).masked_fill(~seen, -math.inf)
            y = (torch.softmax(s, -1) @ v).transpose(0, 1).reshape(t, HIDDEN)
            x = x + self.apply(y, block["o"])
            h = F.layer_norm(x, (HIDDEN,), *self.norm)
            x = x + self.apply(F.gelu(self.apply(h, block["up"]), approximate="tanh"), block["down"])
        return F.linear(F.layer_norm(x[-1:], (HIDDEN,), *self.norm), self.wte)


@torch.no_grad()
def main():
    torch.set_num_threads(2)
    a, b = torch.randn(2048, 2048), torch.randn(2048, 2048)
    print(f"sgemm {2 * 2048 ** 3 / best(ROUNDS, lambda: a @ b.T) / 1e9:.0f} GFlop/s")
    ids = torch.arange(PROMPT) * 31 % VOCABULARY
    for name, dtype, rank in (("F32", torch.float32, None), ("rank 128, F32", torch.float32, 128), ("BF16", torch.bfloat16, None)):
        model = Model(dtype, rank)
        prefill = best(ROUNDS if dtype == torch.float32 else 1, lambda: model.forward(ids, [None] * BLOCKS))
        cache = [None] * BLOCKS
        model.forward(ids[:64], cache)
        steps = DECODE if dtype == torch.float32 else 4
        decode = best(2, lambda: [model.forward(ids[:1], cache) for _ in range(steps)]) / steps
        print(f"{name:<22}{PROMPT / prefill:>14.1f} tok/s prefill{1 / decode:>14.1f} tok/s decode", flush=True)


main()
