#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Perplexity of a checkpoint on a text, as `rankscope-cli evaluate` defines it, by PyTorch in double precision and by tokenizers told
here again: nothing of Rankscope takes part. Needs python3-torch.

perplexity_torch.py MODEL TEXT [--tokens N] [--against FOLDER]

MODEL is a folder with safetensors, config.json and tokenizer.model (BPE of SentencePiece) or vocab.json with merges.txt;
TEXT may be gzipped. Records end at lines `<|endoftext|>`. Tokens fill windows of the model's context one after another,
each with a BOS in front where the tokenizer is SentencePiece's, else with `<|endoftext|>` between records; every token of a
window but its first is scored.
"""
import argparse
import gzip
import heapq
import json
import struct
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "model"))
import make_fixtures  # noqa: E402
import make_tokenizer_fixtures  # noqa: E402

KINDS = {"gpt_neo": make_fixtures.gpt_neo, "gpt2": make_fixtures.gpt2, "gpt_neox": make_fixtures.gpt_neox,
         "llama": make_fixtures.llama_like, "mistral": make_fixtures.llama_like, "qwen2": make_fixtures.llama_like}
DTYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


class Stored:
    """Tensors of the checkpoint, asked for as make_fixtures asks for its random ones."""

    def __init__(self, folder):
        self.tensors = {}
        for path in sorted(folder.glob("*.safetensors")):
            raw = path.read_bytes()
            size = struct.unpack("<Q", raw[:8])[0]
            header = json.loads(raw[8:8 + size])
            header.pop("__metadata__", None)
            for name, t in header.items():
                if t["dtype"] not in DTYPES:
                    continue
                begin, end = (8 + size + x for x in t["data_offsets"])
                values = torch.frombuffer(bytearray(raw[begin:end]), dtype=DTYPES[t["dtype"]])
                self.tensors[name] = values.reshape(t["shape"]).double()

    def __call__(self, name, *shape, scale=None, shift=0.0):
        assert list(self.tensors[name].shape) == list(shape), name
        return self.tensors[name]

    def norm(self, name, n, bias):
        return self(name + ".weight", n), (self(name + ".bias", n) if bias else None)

    def linear(self, name, out, inp, bias):
        return self(name + ".weight", out, inp), (self(name + ".bias", out) if bias else None)


def fields(data):
    """(number, value) of a protocol buffer's fields."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        key = varint()
        if key & 7 == 0:
            yield key >> 3, varint()
            continue
        size = {1: 8, 5: 4}.get(key & 7) or varint()
        yield key >> 3, data[at:at + size]
        at += size


class SentencePieceBpe:
    """Pairs of pieces are joined, best score first and leftmost among equals, as long as what they make is a piece."""

    def __init__(self, path):
        self.ids, self.scores = {}, {}
        for number, value in fields(path.read_bytes()):
            if number != 1:
                continue
            piece = dict(fields(value))
            text, i = piece[1].decode(), len(self.ids)
            self.ids[text] = i
            if piece.get(3, 1) == 1:
                self.scores[text] = struct.unpack("<f", piece[2])[0]

    def encode(self, text):
        parts = list("\u2581" + text.replace(" ", "\u2581"))
        before, after = list(range(-1, len(parts) - 1)), list(range(1, len(parts) + 1))
        queue = []

        def consider(i):
            if i >= 0 and after[i] < len(parts) and parts[i] + parts[after[i]] in self.scores:
                joined = parts[i] + parts[after[i]]
                heapq.heappush(queue, (-self.scores[joined], i, joined, after[i]))

        for i in range(len(parts)):
            consider(i)
        while queue:
            _, i, joined, other = heapq.heappop(queue)
            if not parts[i] or after[i] != other or parts[i] + parts[other] != joined:
                continue
            parts[i], parts[other] = joined, ""
            after[i] = after[other]
            if after[i] < len(parts):
                before[after[i]] = i
            consider(before[i])
            consider(i)
        ids = []
        for part in filter(None, parts):
            ids += [self.ids[part]] if part in self.ids else [self.ids[f"<0x{b:02X}>"] for b in part.encode()]
        return ids


def tokenizer_of(folder):
    """(encode, BOS, separator)."""
    if (folder / "tokenizer.model").exists():
        return SentencePieceBpe(folder / "tokenizer.model").encode, 1, None
    vocab = json.loads((folder / "vocab.json").read_text())
    lines = (folder / "merges.txt").read_text().split("\n")
    ranks = {tuple(m.split(" ")): i for i, m in enumerate(m for m in lines if m and not m.startswith("#version"))}
    cache = {}

    def encode(text):
        t = make_tokenizer_fixtures
        return t.encode(text, t.split_gpt2, vocab, ranks, cache)
    return encode, None, vocab.get("<|endoftext|>")


def records_of(path):
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode()
    record = []
    for line in text.split("\n") + ["<|endoftext|>"]:
        if line != "<|endoftext|>":
            record.append(line)
            continue
        joined = "\n".join(record).strip("\n")
        record = []
        if joined:
            yield joined


def windows_of(folder, text, context, limit):
    encode, bos, separator = tokenizer_of(folder)
    window, count = [], 0
    for record in records_of(text):
        for token in encode(record) + ([separator] if separator is not None else []):
            if not window and bos is not None:
                window.append(bos)
                count += 1
            if count < limit:
                window.append(token)
                count += 1
            if len(window) == context or count >= limit:
                yield window
                window = []
            if count >= limit:
                return
    if len(window) > 1:
        yield window


@torch.no_grad()
def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("model", type=Path)
    ap.add_argument("text", type=Path)
    ap.add_argument("--tokens", type=int, default=20_000)
    ap.add_argument("--against", type=Path, help="another folder of the same model: KL(MODEL || AGAINST), too")
    a = ap.parse_args()
    config = json.loads((a.model / "config.json").read_text())
    weights = Stored(a.model)
    positions = config.get("max_position_embeddings") or config.get("n_positions")
    config.setdefault("intermediate_size", None)
    other = Stored(a.against) if a.against else None
    nats = scored = divergence = 0
    for window in windows_of(a.model, a.text, positions, a.tokens):
        ids = torch.tensor(window)
        logits = KINDS[config["model_type"]](config, weights, ids)
        p = torch.log_softmax(logits[:-1], -1)
        nats -= p.gather(1, ids[1:, None]).sum().item()
        if other:
            q = torch.log_softmax(KINDS[config["model_type"]](config, other, ids)[:-1], -1)
            divergence += (p.exp() * (p - q)).sum().item()
        scored += len(window) - 1
    print(f"perplexity {torch.tensor(nats / scored).exp().item():.6f} over {scored} positions")
    if other:
        print(f"KL {divergence / scored:.6f} nats a token")


if __name__ == "__main__":
    main()
