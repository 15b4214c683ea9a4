#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sample more training stories from stories15M (LLaMA layout, Hugging Face names).

Temperature and top-k sampling from the start token, many stories at a time.
To save time, the output layer is cut down to the tokens whose text occurs in
the given stories.
"""
import argparse
import ctypes
import gzip
import json
import os
import struct
import subprocess
import tempfile
import time

import numpy as np
import torch
import torch.nn.functional as F

from train_bpe import EOT, is_complete, read_stories

LAYERS, HEADS, D, CONTEXT = 6, 6, 48, 256


def read_safetensors(path):
    with open(path, "rb") as f:
        (n,) = struct.unpack("<Q", f.read(8))
        header = json.loads(f.read(n))
        data = f.read()
    header.pop("__metadata__", None)
    return {k: torch.from_numpy(np.frombuffer(data, "<f4", offset=v["data_offsets"][0],
                                              count=int(np.prod(v["shape"]))).reshape(v["shape"]).copy())
            for k, v in header.items() if v["dtype"] == "F32"}


def read_pieces(path):
    """Pieces of a SentencePiece model: repeated field 1, whose field 1 is the text."""
    data = open(path, "rb").read()

    def varint(i):
        value = shift = 0
        while True:
            b = data[i]
            value |= (b & 127) << shift
            shift, i = shift + 7, i + 1
            if b < 128:
                return value, i

    pieces, i = [], 0
    while i < len(data):
        key, i = varint(i)
        if key != 10:  # only the pieces come first
            break
        size, i = varint(i)
        key, j = varint(i)
        assert key == 10
        n, j = varint(j)
        pieces.append(data[j:j + n].decode("utf-8"))
        i += size
    return pieces


def compile_c():
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sampler.c")
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "sampler.so")
        subprocess.run(["cc", "-O3", "-march=native", "-ffast-math", "-fopenmp", "-shared", "-fPIC", source,
                        "-o", out, "-lmvec", "-lm"], check=True)
        return ctypes.CDLL(out)


def p(t):
    assert t.is_contiguous()
    return ctypes.c_void_p(t.data_ptr())


def n64(v):
    return ctypes.c_int64(v)


def norm(x, w):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * w


class Sampler:
    def __init__(self, folder, allowed, seed):
        w = read_safetensors(os.path.join(folder, "model.safetensors"))
        self.emb = w["model.embed_tokens.weight"]
        self.allowed = torch.tensor(allowed)
        self.head = self.emb[self.allowed].contiguous()
        self.lib = compile_c()
        self.layers = []
        for i in range(LAYERS):
            def g(name, i=i):
                return w[f"model.layers.{i}.{name}.weight"]
            self.layers.append({
                "qkv": torch.cat([g(f"self_attn.{x}_proj") for x in "qkv"]).bfloat16(),
                "o": g("self_attn.o_proj").bfloat16(),
                "gu": torch.cat([g("mlp.gate_proj"), g("mlp.up_proj")]).bfloat16(),
                "down": g("mlp.down_proj").bfloat16(),
                "n1": g("input_layernorm"), "n2": g("post_attention_layernorm")})
        self.last = w["model.norm.weight"]
        angle = torch.arange(CONTEXT)[:, None] * 10000.0 ** (-torch.arange(0, D, 2) / D)
        self.cos = torch.cat([angle.cos(), angle.cos()], 1)
        self.sin = torch.cat([angle.sin(), angle.sin()], 1)
        self.rng = torch.Generator().manual_seed(seed)

    def rotate(self, x, t):
        a, b = x[..., :D // 2], x[..., D // 2:]
        return x * self.cos[t] + torch.cat([-b, a], -1) * self.sin[t]

    def step(self, ids, t, ks, vs):
        b = len(ids)
        x = self.emb[ids]
        for lw, k, v in zip(self.layers, ks, vs):
            qkv = F.linear(norm(x, lw["n1"]).bfloat16(), lw["qkv"]).float().view(b, 3, HEADS, D)
            q = self.rotate(qkv[:, 0], t).contiguous()
            k[:, :, t] = self.rotate(qkv[:, 1], t)
            v[:, :, t] = qkv[:, 2]
            y = torch.empty(b, HEADS * D)
            self.lib.attend(p(q), p(k), p(v), p(y), n64(b), n64(HEADS), n64(CONTEXT), n64(t + 1))
            x = x + F.linear(y.bfloat16(), lw["o"]).float()
            g, u = F.linear(norm(x, lw["n2"]).bfloat16(), lw["gu"]).float().chunk(2, 1)
            x = x + F.linear((F.silu(g) * u).bfloat16(), lw["down"]).float()
        return F.linear(norm(x, self.last), self.head)

    def run(self, count, temperature, top):
        """Lists of token ids without the start and end token."""
        ks = [torch.zeros(count, HEADS, CONTEXT, D, dtype=torch.bfloat16) for _ in range(LAYERS)]
        vs = [torch.zeros(count, HEADS, CONTEXT, D, dtype=torch.bfloat16) for _ in range(LAYERS)]
        which = np.arange(count)
        out = [[] for _ in range(count)]
        ids = torch.ones(count, dtype=torch.long)
        live = np.ones(count, dtype=bool)
        for t in range(CONTEXT):
            logits = self.step(ids, t, ks, vs)
            u = torch.rand(len(ids), generator=self.rng)
            pick = torch.empty(len(ids), dtype=torch.long)
            self.lib.choose(p(logits), p(u), p(pick), n64(len(ids)), n64(logits.shape[1]), n64(top),
                            ctypes.c_float(temperature))
            ids = self.allowed[pick]
            for i, token in enumerate(ids.tolist()):
                if token in (1, 2):
                    live[i] = False
                elif live[i]:
                    out[which[i]].append(token)
            if live.sum() < 0.8 * len(live) and live.any():
                keep = torch.from_numpy(np.flatnonzero(live))
                ks, vs, ids = [k[keep] for k in ks], [v[keep] for v in vs], ids[keep]
                which, live = which[live], live[live]
            if not live.any():
                break
        return out


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("--model", required=True, help="folder of stories15M")
    ap.add_argument("--like", required=True, help="stories to take the tokens from")
    ap.add_argument("--out", required=True, help="file to write (.gz)")
    ap.add_argument("--minutes", type=float, default=1e9, help="stop after this long")
    ap.add_argument("--stories", type=int, default=16384)
    ap.add_argument("--batch", type=int, default=256)
    ap.add_argument("--temperature", type=float, default=0.95)
    ap.add_argument("--top", type=int, default=64)
    ap.add_argument("--threads", type=int, default=2)
    ap.add_argument("--seed", type=int, default=4321)
    ap.add_argument("note", nargs="*", help="ignored")
    a = ap.parse_args()
    torch.set_num_threads(a.threads)
    pieces = read_pieces(os.path.join(a.model, "tokenizer.model"))
    assert len(pieces) == 32000
    text = "\n".join(read_stories(a.like)[:800])
    allowed = [1] + list(range(3, 259)) + [
        i for i in range(259, 32000) if pieces[i].replace("\u2581", " ") in text]
    print(len(allowed), "tokens", flush=True)
    sampler = Sampler(a.model, allowed, a.seed)
    begin, tokens, total, whole = time.time(), 0, 0, 0
    with torch.no_grad(), gzip.open(a.out, "wb") as f:
        while total < a.stories and time.time() - begin < 60 * a.minutes:
            for ids in sampler.run(a.batch, a.temperature, a.top):
                data = b"".join(bytes([i - 3]) if i < 259 else pieces[i].replace("\u2581", " ").encode()
                                for i in ids)
                story = data.decode("utf-8", "ignore").strip()
                tokens += len(ids)
                if len(story) > 100:
                    f.write((story + "\n" + EOT + "\n").encode())
                    total += 1
                    whole += is_complete(story)
            f.flush()
            print(f"{total} stories ({whole} whole), {tokens} tokens, "
                  f"{tokens / (time.time() - begin):.0f} per second", flush=True)


if __name__ == "__main__":
    main()
