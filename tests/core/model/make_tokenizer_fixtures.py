#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the fixtures of tst_tokenizer in fixtures/bpe: a small byte-level vocabulary trained on mixed text, the same as
tokenizer.json with LLaMA 3's pattern, lines of mixed Unicode, and the ids that the reference algorithm gives them.

With --gpt2 FOLDER (vocab.json and merges.txt) it prints the ids of those lines for that vocabulary to standard output:
tst_tokenizer compares digests of them. The algorithm is GPT-2's encoder.py told again: split by the pattern, spell
bytes as printable characters, then join the pair of lowest rank everywhere until none is left.
"""
import argparse
import gzip
import json
import random
import unicodedata
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent / "fixtures" / "bpe"
SPACES = set("\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000") | {chr(c) for c in range(0x2000, 0x200b)}


def kind(c):
    """The classes that the patterns know: space, letter, number, other."""
    if c in SPACES:
        return "s"
    category = unicodedata.category(c)[0]
    return {"L": "L", "N": "N"}.get(category, "o")


def take(text, i, want):
    j = i
    while j < len(text) and kind(text[j]) == want:
        j += 1
    return j


def split_spaces(text, i):
    """\\s+(?!\\S)|\\s+ : all spaces but the last one when something follows."""
    j = take(text, i, "s")
    return j - 1 if j < len(text) and j - i > 1 else j


def split_gpt2(text):
    """'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+ by hand."""
    i = 0
    while i < len(text):
        ending = next((e for e in ("'s", "'t", "'re", "'ve", "'m", "'ll", "'d") if text.startswith(e, i)), None)
        if ending:
            j = i + len(ending)
        else:
            start = i + 1 if text[i] == " " and i + 1 < len(text) and kind(text[i + 1]) != "s" else i
            j = take(text, start, kind(text[start])) if kind(text[start]) != "s" else split_spaces(text, i)
        yield text[i:j]
        i = j


def fold(c):
    return {"\u017f": "s", "\u212a": "k"}.get(c, c.lower())


def split_llama3(text):
    """(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"""
    i, n = 0, len(text)
    while i < n:
        ending = next((e for e in ("'s", "'t", "'re", "'ve", "'m", "'ll", "'d")
                       if "".join(map(fold, text[i:i + len(e)])) == e), None)
        if ending:
            j = i + len(ending)
        elif kind(text[i]) == "L":
            j = take(text, i, "L")
        elif text[i] not in "\r\n" and kind(text[i]) != "N" and i + 1 < n and kind(text[i + 1]) == "L":
            j = take(text, i + 1, "L")
        elif kind(text[i]) == "N":
            j = min(take(text, i, "N"), i + 3)
        elif kind(text[i]) == "o" or (text[i] == " " and i + 1 < n and kind(text[i + 1]) == "o"):
            j = take(text, i if kind(text[i]) == "o" else i + 1, "o")
            while j < n and text[j] in "\r\n":
                j += 1
        else:
            end = take(text, i, "s")
            newlines = [k for k in range(i, end) if text[k] in "\r\n"]
            j = newlines[-1] + 1 if newlines else split_spaces(text, i)
        yield text[i:j]
        i = j


def byte_table():
    printable = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    table = {b: chr(b) for b in printable}
    extra = 256
    for b in range(256):
        if b not in table:
            table[b] = chr(extra)
            extra += 1
    return table


BYTES = byte_table()


def spell(word):
    return tuple(BYTES[b] for b in word.encode())


def join(parts, pair):
    out, i = [], 0
    while i < len(parts):
        if i + 1 < len(parts) and (parts[i], parts[i + 1]) == pair:
            out.append(parts[i] + parts[i + 1])
            i += 2
        else:
            out.append(parts[i])
            i += 1
    return tuple(out)


def bpe(parts, ranks):
    while len(parts) > 1:
        best = min(zip(parts, parts[1:]), key=lambda p: ranks.get(p, 1 << 30))
        if best not in ranks:
            break
        parts = join(parts, best)
    return parts


def encode(text, split, vocab, ranks, cache):
    ids = []
    for word in split(text):
        if word not in cache:
            cache[word] = [vocab[t] for t in bpe(spell(word), ranks)]
        ids += cache[word]
    return ids


def mixed_lines(count, seed):
    r = random.Random(seed)
    pools = [range(0x20, 0x7f)] * 6 + [range(0xa0, 0x250), range(0x370, 0x400), range(0x400, 0x500), range(0x5d0, 0x5eb),
             range(0x620, 0x64b), range(0x900, 0x970), range(0x0e01, 0x0e3b), range(0x1100, 0x1200), range(0x2000, 0x2070),
             range(0x2150, 0x2190), range(0x2581, 0x2590), range(0x3041, 0x3097), range(0x4e00, 0x4f00), range(0xac00, 0xad00),
             range(0x1f600, 0x1f640), range(0x1d400, 0x1d450), range(0x300, 0x340), range(0x1680, 0x1681), range(0x180b, 0x180f)]
    words = "the cat's dog I'll they've we're it'd don't I'm THE'S Zoë naïve 12 345 6789 3.14 ... !? foo_bar  \t x=y;".split(" ")
    for _ in range(count):
        parts = []
        for _ in range(r.randint(0, 9)):
            pick = r.random()
            if pick < 0.4:
                parts.append(r.choice(words))
            elif pick < 0.9:
                pool = r.choice(pools)
                parts.append("".join(chr(r.choice(pool)) for _ in range(r.randint(1, 6))))
            else:
                parts.append(r.choice(["\t", "  ", "   ", "\xa0", "\u3000", "\r", "'", "\u200d", "\u017f", "'\u017f", "\u2003\u2003"]))
        yield "".join(p + r.choice(["", " ", " ", "  "]) for p in parts)


def train(lines, merges_wanted):
    words = Counter(w for line in lines for w in split_gpt2(line))
    split = {spell(w): n for w, n in words.items()}
    merges = []
    while len(merges) < merges_wanted:
        pairs = Counter()
        for parts, n in split.items():
            for pair in zip(parts, parts[1:]):
                pairs[pair] += n
        if not pairs:
            break
        best = max(pairs, key=lambda p: (pairs[p], p))
        merges.append(best)
        joined = Counter()
        for parts, n in split.items():
            joined[join(parts, best)] += n
        split = joined
    return merges


def digest(lists):
    """FNV-1a over the ids of all lines, a line's end counting as −1."""
    value = 0xcbf29ce484222325
    for ids in lists:
        for i in ids + [-1]:
            value = ((value ^ (i & 0xffffffff)) * 0x100000001b3) & 0xffffffffffffffff
    return f"{value:016x}"


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("--gpt2", type=Path)
    a = ap.parse_args()
    HERE.mkdir(parents=True, exist_ok=True)
    lines = list(mixed_lines(10_000, 7))
    # A first and a last line that nothing trims.
    lines[0], lines[-1] = "begin", "end"
    (HERE / "lines.txt.gz").write_bytes(gzip.compress("\n".join(lines).encode(), mtime=0))
    merges = train(lines[:1500], 500)
    tokens = sorted(BYTES.values()) + ["".join(m) for m in merges]
    vocab = {t: i for i, t in enumerate(dict.fromkeys(tokens))}
    ranks = {m: i for i, m in enumerate(merges)}
    end = len(vocab)
    (HERE / "vocab.json").write_text(json.dumps({**vocab, "<|endoftext|>": end}))
    (HERE / "merges.txt").write_text("#version: 0.2\n" + "".join(f"{x} {y}\n" for x, y in merges))
    pattern = split_llama3.__doc__
    (HERE / "tokenizer.json").write_text(json.dumps({
        "version": "1.0", "added_tokens": [{"id": end, "content": "<|begin|>", "special": True},
                                           {"id": end + 1, "content": "<|endoftext|>", "special": True}],
        "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False},
            {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}]},
        "post_processor": {"type": "Sequence", "processors": [
            {"type": "ByteLevel"}, {"type": "TemplateProcessing",
             "single": [{"SpecialToken": {"id": "<|begin|>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
             "special_tokens": {"<|begin|>": {"id": "<|begin|>", "ids": [end], "tokens": ["<|begin|>"]}}}]},
        "decoder": {"type": "ByteLevel"},
        "model": {"type": "BPE", "byte_fallback": False, "ignore_merges": False, "vocab": vocab,
                  "merges": [f"{x} {y}" for x, y in merges]}}))
    caches = {}, {}
    expected = {}
    for name, split, cache in (("gpt2", split_gpt2, caches[0]), ("llama3", split_llama3, caches[1])):
        ids = [encode(t, split, vocab, ranks, cache) for t in lines]
        expected[name] = {"first": ids[:100], "digest": digest(ids)}
    (HERE / "expected.json").write_text(json.dumps(expected, separators=(",", ":")))
    if a.gpt2:
        vocab = json.loads((a.gpt2 / "vocab.json").read_text())
        pairs = [tuple(m.split(" ")) for m in (a.gpt2 / "merges.txt").read_text().split("\n")[1:] if m]
        ranks = {m: i for i, m in enumerate(pairs)}
        cache = {}
        print("gpt2 digest of", len(lines), "lines:", digest([encode(t, split_gpt2, vocab, ranks, cache) for t in lines]))


if __name__ == "__main__":
    main()
