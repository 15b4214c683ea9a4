#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What bench_forward measures, with PyTorch: blocks of GPT-Neo 1.3B's size, prefill and decode with a cache. Rankscope
computes in F32 whatever the weights are stored in; so do the rows here that do not say otherwise, by converting a weight
before it is used. Run it as OPENBLAS_CORETYPE=SKYLAKEX python3 bench_forward_peer.py on an idle machine."""
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
    def __init__(self, dtype, rank=None, arithmetic=None, int8=False):
        g = torch.Generator().manual_seed(1)
        self.arithmetic = arithmetic or dtype

        def w(*shape):
            return (torch.randn(*shape, generator=g) * 0.02).to(dtype)

        def factor(*shape):
            return torch.randint(-127, 128, shape, generator=g, dtype=torch.int8) if int8 else w(*shape)

        def linear(out, inp):
            return (factor(out, rank), factor(rank, inp)) if rank else (w(out, inp),)

        self.wte, self.wpe = w(VOCABULARY, HIDDEN), w(CONTEXT, HIDDEN)
        self.norm = torch.ones(HIDDEN, dtype=self.arithmetic), torch.zeros(HIDDEN, dtype=self.arithmetic)
        self.scale = torch.full((rank, 1), 1e-4) if int8 else None
        self.blocks = [{**{k: linear(HIDDEN, HIDDEN) for k in "qkvo"}, "up": linear(INNER, HIDDEN), "down": linear(HIDDEN, INNER)}
                       for _ in range(BLOCKS)]

    def apply(self, x, weights):
        """A scale for each component of int8 factors: between the two products."""
        for i, w in enumerate(reversed(weights)):
            x = F.linear(x, w.to(self.arithmetic))
            if self.scale is not None and i == 0:
                x = x * self.scale[:, 0]
        return x

    def forward(self, ids, cache):
        past = cache[0][0].shape[1] if cache[0] else 0
        t = len(ids)
        x = (self.wte[ids] + self.wpe[past:past + t]).to(self.arithmetic)
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
        return F.linear(F.layer_norm(x[-1:], (HIDDEN,), *self.norm), self.wte.to(self.arithmetic))


@torch.no_grad()
def main():
    torch.set_num_threads(2)
    a, b = torch.randn(2048, 2048), torch.randn(2048, 2048)
    print(f"sgemm {2 * 2048 ** 3 / best(ROUNDS, lambda: a @ b.T) / 1e9:.0f} GFlop/s")
    ids = torch.arange(PROMPT) * 31 % VOCABULARY
    f32, bf16 = torch.float32, torch.bfloat16
    rows = (("F32", dict(dtype=f32)), ("rank 128, F32", dict(dtype=f32, rank=128)),
            ("rank 128, int8", dict(dtype=f32, rank=128, int8=True)), ("BF16", dict(dtype=bf16, arithmetic=f32)),
            ("BF16, bf16 arithmetic", dict(dtype=bf16)))
    for name, settings in rows:
        model = Model(**settings)
        slow = model.wte.dtype == bf16
        prefill = best(2 if slow else ROUNDS, lambda: model.forward(ids, [None] * BLOCKS))
        cache = [None] * BLOCKS
        model.forward(ids[:64], cache)
        steps = 4 if slow else DECODE
        decode = best(2, lambda: [model.forward(ids[:1], cache) for _ in range(steps)]) / steps
        print(f"{name:<22}{PROMPT / prefill:>14.1f} tok/s prefill{1 / decode:>14.1f} tok/s decode", flush=True)


main()
