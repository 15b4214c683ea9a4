#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Train a GPT-2-style byte-level BPE and encode a corpus with it.

Also a small, independent encoder/decoder over the written vocab.json and
merges.txt (class Bpe), which the other scripts here import.
Only the Python standard library and numpy are needed.
"""
import argparse
import gzip
import heapq
import json
import os
import re
import sys
import unicodedata
from collections import Counter, defaultdict

import numpy as np

EOT = "<|endoftext|>"


def _ranges(pred):
    """Regex character-class body for the code points for which pred holds."""
    out, start, prev = [], None, None
    for cp in range(0x110000):
        ok = not 0xD800 <= cp <= 0xDFFF and pred(chr(cp))
        if ok and start is None:
            start = cp
        elif not ok and start is not None:
            out.append((start, cp - 1))
            start = None
    if start is not None:
        out.append((start, 0x10FFFF))
    return "".join(f"\\U{a:08x}-\\U{b:08x}" for a, b in out)


def gpt2_pattern():
    """The GPT-2 pre-tokenisation expression, with \\p{L}, \\p{N} and \\s (the
    Unicode White_Space property) spelt out: Python's re knows no \\p."""
    let = _ranges(lambda c: unicodedata.category(c)[0] == "L")
    num = _ranges(lambda c: unicodedata.category(c)[0] == "N")
    ws = r"\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
    return re.compile(
        rf"'s|'t|'re|'ve|'m|'ll|'d| ?[{let}]+| ?[{num}]+| ?[^{ws}{let}{num}]+"
        rf"|[{ws}]+(?![^{ws}])|[{ws}]+")


def byte_to_char():
    """GPT-2's reversible map from bytes to printable characters."""
    keep = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    table, extra = {}, 0
    for b in range(256):
        if b in keep:
            table[b] = chr(b)
        else:
            table[b] = chr(256 + extra)
            extra += 1
    return table


class Bpe:
    """Byte-level BPE from a vocab.json / merges.txt pair."""

    def __init__(self, folder):
        with open(os.path.join(folder, "vocab.json"), encoding="utf-8") as f:
            self.vocab = json.load(f)
        with open(os.path.join(folder, "merges.txt"), encoding="utf-8") as f:
            lines = f.read().split("\n")
        pairs = [tuple(s.split(" ")) for s in lines if s and not s.startswith("#version")]
        self.rank = {p: i for i, p in enumerate(pairs)}
        self.b2c = byte_to_char()
        self.c2b = {c: b for b, c in self.b2c.items()}
        self.token = {i: t for t, i in self.vocab.items()}
        self.eot = self.vocab[EOT]
        self.pattern = gpt2_pattern()
        self.cache = {}

    def _word(self, word):
        ids = self.cache.get(word)
        if ids is not None:
            return ids
        parts = [self.b2c[b] for b in word.encode("utf-8")]
        while len(parts) > 1:
            best = min(zip(parts, parts[1:]), key=lambda p: self.rank.get(p, 1 << 60))
            if best not in self.rank:
                break
            out, i = [], 0
            while i < len(parts):
                if i + 1 < len(parts) and (parts[i], parts[i + 1]) == best:
                    out.append(parts[i] + parts[i + 1])
                    i += 2
                else:
                    out.append(parts[i])
                    i += 1
            parts = out
        ids = self.cache[word] = [self.vocab[p] for p in parts]
        return ids

    def encode(self, text):
        """Ids of plain text (no special tokens are looked for)."""
        ids = []
        for word in self.pattern.findall(text):
            ids += self._word(word)
        return ids

    def decode(self, ids):
        data = bytearray()
        for i in ids:
            if i == self.eot:
                data += EOT.encode()
            else:
                data += bytes(self.c2b[c] for c in self.token[i])
        return data.decode("utf-8", "replace")


def read_stories(path):
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8", newline="\n") as f:
        text = f.read()
    return [s.strip() for s in re.split(r"(?m)^" + re.escape(EOT) + r"$", text) if s.strip()]


def split_stories(stories, held_out):
    """(training, held-out): of the last part only whole stories unlike any in training."""
    cut = len(stories) - round(len(stories) * held_out)
    train = stories[:cut]
    seen = set(train)
    return train, [s for s in stories[cut:] if s not in seen and is_complete(s)]


def is_complete(story):
    """False for a story that its generator's length limit cut off."""
    return story[-1] in ".!?\"'\u201d\u2019)"


CUT = 0xFFFF  # in the encoded corpus: a separator after a story that was cut off


def train_merges(counts, merges_wanted):
    """counts: {pre-token bytes as mapped characters: occurrences}."""
    words = [list(w) for w in counts]
    freq = list(counts.values())
    pair_count, where = Counter(), defaultdict(set)
    for i, w in enumerate(words):
        for p in zip(w, w[1:]):
            pair_count[p] += freq[i]
            where[p].add(i)
    heap = [(-n, p) for p, n in pair_count.items()]
    heapq.heapify(heap)
    merges = []
    while len(merges) < merges_wanted and heap:
        n, pair = heapq.heappop(heap)
        if -n != pair_count[pair] or n == 0:
            continue  # stale entry
        merges.append(pair)
        touched = set()
        for i in where.pop(pair):
            w = words[i]
            for p in zip(w, w[1:]):
                pair_count[p] -= freq[i]
                touched.add(p)
            out, j = [], 0
            while j < len(w):
                if j + 1 < len(w) and (w[j], w[j + 1]) == pair:
                    out.append(w[j] + w[j + 1])
                    j += 2
                else:
                    out.append(w[j])
                    j += 1
            words[i] = out
            for p in zip(out, out[1:]):
                pair_count[p] += freq[i]
                where[p].add(i)
                touched.add(p)
        for p in touched:
            if pair_count[p] > 0 and p != pair:
                heapq.heappush(heap, (-pair_count[p], p))
    return merges


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("--corpus", required=True, help="stories, separated by lines " + EOT)
    ap.add_argument("--vocab-size", type=int, default=3072)
    ap.add_argument("--extra", nargs="*", default=[], help="more stories to train the model on (not the tokenizer)")
    ap.add_argument("--held-out", type=float, default=0.02, help="last part, kept for validation")
    ap.add_argument("--out", required=True, help="folder for vocab.json and merges.txt")
    ap.add_argument("--work", required=True, help="folder for the encoded corpus")
    a = ap.parse_args()
    os.makedirs(a.out, exist_ok=True)
    os.makedirs(a.work, exist_ok=True)

    stories = read_stories(a.corpus)
    train, held = split_stories(stories, a.held_out)
    print(f"{len(stories)} stories: {len(train)} to train on, {len(held)} held out")

    pattern, b2c = gpt2_pattern(), byte_to_char()
    counts = Counter()
    for s in train:
        counts.update(pattern.findall(s))
    counts = {"".join(b2c[b] for b in w.encode("utf-8")): n
              for w, n in sorted(counts.items())}
    merges = train_merges(counts, a.vocab_size - 257)

    # As in GPT-2: the 256 byte characters in the order of code points kept,
    # then those mapped away, then the merges, then the special token.
    chars = sorted(b2c.values())
    tokens = chars + ["".join(m) for m in merges] + [EOT]
    assert len(set(tokens)) == len(tokens)
    with open(os.path.join(a.out, "vocab.json"), "w", encoding="utf-8") as f:
        json.dump({t: i for i, t in enumerate(tokens)}, f, ensure_ascii=False)
        f.write("\n")
    with open(os.path.join(a.out, "merges.txt"), "w", encoding="utf-8") as f:
        f.write("#version: 0.2\n" + "".join(f"{x} {y}\n" for x, y in merges))
    print(f"{len(tokens)} tokens, {len(merges)} merges")

    known = set(train) | set(held)
    for path in a.extra:
        train += [s for s in read_stories(path) if s not in known]
    bpe = Bpe(a.out)
    for name, part in (("train", train), ("held", held)):
        ids = [bpe.eot]
        for s in part:
            ids += bpe.encode(s) + [bpe.eot if is_complete(s) else CUT]
        size = sum(len(s.encode("utf-8")) for s in part)
        np.array(ids, dtype=np.uint16).tofile(os.path.join(a.work, name + ".u16"))
        with open(os.path.join(a.work, name + ".json"), "w") as f:
            json.dump({"stories": len(part), "tokens": len(ids), "bytes": size}, f)
        print(f"{name}: {len(part)} stories, {size} bytes, {len(ids)} tokens, "
              f"{size / len(ids):.3f} bytes per token")
        k = 200
        assert all(bpe.decode(bpe.encode(s)) == s for s in part[:k]), "round trip failed"


if __name__ == "__main__":
    sys.exit(main())
