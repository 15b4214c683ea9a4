#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check an exported model from its files alone.

Reads model.safetensors with a parser of its own, runs a forward pass written
from the definition of GPT-Neo (not the one trained with), measures held-out
perplexity and samples stories.
"""
import argparse
import json
import math
import os
import struct

import numpy as np
import torch

from train_bpe import Bpe, read_stories, split_stories

TYPES = {"F32": "<f4", "F16": "<f2"}


def load(folder):
    with open(os.path.join(folder, "config.json")) as f:
        config = json.load(f)
    with open(os.path.join(folder, "model.safetensors"), "rb") as f:
        data = f.read()
    (n,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8:8 + n])
    header.pop("__metadata__", None)
    tensors, end = {}, 0
    for name, t in sorted(header.items(), key=lambda kv: kv[1]["data_offsets"]):
        a, b = t["data_offsets"]
        assert a == end, "gap"
        end = b
        x = np.frombuffer(data[8 + n + a:8 + n + b], TYPES[t["dtype"]]).reshape(t["shape"])
        tensors[name] = torch.from_numpy(x.astype(np.float32))
    assert 8 + n + end == len(data)
    return config, tensors


def expected_shapes(c):
    h, inner = c["hidden_size"], c["intermediate_size"] or 4 * c["hidden_size"]
    shapes = {"wte.weight": (c["vocab_size"], h), "wpe.weight": (c["max_position_embeddings"], h),
              "ln_f.weight": (h,), "ln_f.bias": (h,)}
    for i in range(c["num_layers"]):
        b = f"h.{i}."
        for ln in ("ln_1", "ln_2"):
            shapes[b + ln + ".weight"] = shapes[b + ln + ".bias"] = (h,)
        for x in "qkv":
            shapes[f"{b}attn.attention.{x}_proj.weight"] = (h, h)
        shapes[b + "attn.attention.out_proj.weight"] = (h, h)
        shapes[b + "attn.attention.out_proj.bias"] = (h,)
        shapes[b + "mlp.c_fc.weight"], shapes[b + "mlp.c_fc.bias"] = (inner, h), (inner,)
        shapes[b + "mlp.c_proj.weight"], shapes[b + "mlp.c_proj.bias"] = (h, inner), (h,)
    return {"transformer." + k: v for k, v in shapes.items()}


def layer_norm(x, w, b, eps):
    mean = x.mean(-1, keepdim=True)
    var = ((x - mean) ** 2).mean(-1, keepdim=True)
    return (x - mean) / torch.sqrt(var + eps) * w + b


def gelu_new(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3)))


def forward(c, w, ids):
    """Logits (batch x positions x vocabulary) in float32."""
    b, t = ids.shape
    h, heads = c["hidden_size"], c["num_heads"]
    d = h // heads
    kinds = [k for names, times in c["attention_types"] for _ in range(times) for k in names]
    assert kinds == c["attention_layers"] and len(kinds) == c["num_layers"]
    x = w["transformer.wte.weight"][ids] + w["transformer.wpe.weight"][torch.arange(t)]
    causal = torch.tril(torch.ones(t, t, dtype=torch.bool))
    for i, kind in enumerate(kinds):
        p = f"transformer.h.{i}."
        y = layer_norm(x, w[p + "ln_1.weight"], w[p + "ln_1.bias"], c["layer_norm_epsilon"])
        q, k, v = ((y @ w[f"{p}attn.attention.{n}_proj.weight"].T).reshape(b, t, heads, d).permute(0, 2, 1, 3)
                   for n in "qkv")
        # Hugging Face: bias ^ tril(bias, -window) for local layers
        seen = causal if kind == "global" else causal ^ torch.tril(causal, -c["window_size"])
        s = torch.where(seen, q @ k.transpose(-1, -2), torch.tensor(float("-inf")))
        y = (torch.softmax(s, -1) @ v).permute(0, 2, 1, 3).reshape(b, t, h)
        x = x + y @ w[p + "attn.attention.out_proj.weight"].T + w[p + "attn.attention.out_proj.bias"]
        y = layer_norm(x, w[p + "ln_2.weight"], w[p + "ln_2.bias"], c["layer_norm_epsilon"])
        y = gelu_new(y @ w[p + "mlp.c_fc.weight"].T + w[p + "mlp.c_fc.bias"])
        x = x + y @ w[p + "mlp.c_proj.weight"].T + w[p + "mlp.c_proj.bias"]
    x = layer_norm(x, w["transformer.ln_f.weight"], w["transformer.ln_f.bias"], c["layer_norm_epsilon"])
    return x @ w["transformer.wte.weight"].T


def nll(c, w, ids, targets):
    logits = forward(c, w, ids).log_softmax(-1)
    return -logits.gather(-1, targets[..., None])[..., 0]


def perplexity_by_story(c, w, bpe, stories):
    """Each story by itself after <|endoftext|>, and its own end; at most one context."""
    total = tokens = size = 0
    for s in stories:
        ids = ([bpe.eot] + bpe.encode(s) + [bpe.eot])[:c["max_position_embeddings"] + 1]
        ids = torch.tensor([ids])
        total += nll(c, w, ids[:, :-1], ids[:, 1:]).sum().item()
        tokens += ids.shape[1] - 1
        size += len(bpe.decode([i for i in ids[0, 1:].tolist() if i != bpe.eot]).encode("utf-8"))
    return math.exp(total / tokens), math.exp(total / size), tokens, size


def perplexity_windows(c, w, bpe, stories):
    """All stories as one stream, cut into windows of the context length."""
    stream = [bpe.eot]
    for s in stories:
        stream += bpe.encode(s) + [bpe.eot]
    n = c["max_position_embeddings"]
    total = tokens = 0
    for at in range(0, len(stream) - n, n):
        ids = torch.tensor([stream[at:at + n + 1]])
        total += nll(c, w, ids[:, :-1], ids[:, 1:]).sum().item()
        tokens += n
    return math.exp(total / tokens), tokens


def generate(c, w, bpe, prompt, temperature, seed, limit):
    g = torch.Generator().manual_seed(seed)
    ids = bpe.encode(prompt)
    while len(ids) < limit:
        z = forward(c, w, torch.tensor([ids]))[0, -1]
        if temperature == 0:
            n = int(z.argmax())
        else:
            n = int(torch.multinomial(torch.softmax(z / temperature, -1), 1, generator=g))
        if n == bpe.eot:
            break
        ids.append(n)
    return bpe.decode(ids)


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("--model", required=True, help="exported folder")
    ap.add_argument("--corpus", help="as given to train_bpe.py: perplexity on all held-out stories")
    ap.add_argument("--held-out", type=float, default=0.02)
    ap.add_argument("--seeds", type=int, nargs="*", default=[1, 2, 3])
    ap.add_argument("--prompts", nargs="*", default=["Once upon a time", "One day, a little boy named Tom"])
    a = ap.parse_args()
    torch.set_grad_enabled(False)
    c, w = load(a.model)
    shapes = expected_shapes(c)
    assert set(shapes) == set(w), set(shapes) ^ set(w)
    assert all(tuple(w[k].shape) == s for k, s in shapes.items())
    bpe = Bpe(a.model)
    assert len(bpe.vocab) == c["vocab_size"] and sorted(bpe.vocab.values()) == list(range(c["vocab_size"]))
    assert bpe.eot == c["bos_token_id"] == c["eos_token_id"]
    for text in ("Tom's café — “naïve” 3 ½ \n\n  x\t日本🙂", "".join(map(chr, range(256)))):
        assert bpe.decode(bpe.encode(text)) == text
    print(sum(x.numel() for x in w.values()), "parameters, largest weight",
          max(float(x.abs().max()) for x in w.values()))
    sets = [("evaluation.txt", read_stories(os.path.join(a.model, "evaluation.txt")))]
    if a.corpus:
        train, held = split_stories(read_stories(a.corpus), a.held_out)
        assert not set(sets[0][1]) & set(train)
        assert set(sets[0][1]) <= set(held)
        sets.append(("all held out", held))
    for name, stories in sets:
        ppl, ppb, tokens, size = perplexity_by_story(c, w, bpe, stories)
        win, n = perplexity_windows(c, w, bpe, stories)
        print(f"{name}: {len(stories)} stories, {tokens} tokens, {size} bytes; perplexity per token {ppl:.4f}, "
              f"per byte {ppb:.4f} ({math.log2(ppb):.4f} bits); as windows of the context {win:.4f} ({n} tokens)")
    n = c["max_position_embeddings"]
    for prompt in a.prompts:
        print("--- greedy\n" + generate(c, w, bpe, prompt, 0, 0, n))
        for seed in a.seeds:
            print(f"--- temperature 0.8, seed {seed}\n" + generate(c, w, bpe, prompt, 0.8, seed, n))


if __name__ == "__main__":
    main()
