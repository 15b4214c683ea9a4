#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The metrics of core/evaluate told in NumPy, word for word from their definitions and in double precision.

reference_metrics.py FOLDER reads a.f32 and b.f32 (logits, rows × vocabulary), next.i32 (the token that each row
predicts), record.i32 (its record) and vocabulary.txt, and prints a JSON object.
"""
import json
import sys
from pathlib import Path

import numpy as np


def log_softmax(x):
    x = x - x.max(1, keepdims=True)
    return x - np.log(np.exp(x).sum(1, keepdims=True))


def cosine(a, b):
    return float(((a * b).sum(1) / np.sqrt((a * a).sum(1) * (b * b).sum(1))).mean())


def relative(a, b):
    return float(np.linalg.norm(a - b) / np.linalg.norm(a))


def perplexity(nats, record):
    mean = nats.mean()
    residuals = np.array([(nats[record == r] - mean).sum() for r in np.unique(record)])
    c = len(residuals)
    error = np.sqrt(c / (c - 1) * (residuals ** 2).sum()) / len(nats)
    return float(np.exp(mean)), float(np.exp(mean) * error)


def main():
    folder = Path(sys.argv[1])
    vocabulary = int((folder / "vocabulary.txt").read_text())
    a, b = (np.fromfile(folder / f"{n}.f32", np.float32).reshape(-1, vocabulary).astype(np.float64) for n in "ab")
    nxt, record = (np.fromfile(folder / f"{n}.i32", np.int32) for n in ("next", "record"))
    rows = np.arange(len(a))
    la, lb = log_softmax(a), log_softmax(b)
    kl = (np.exp(la) * (la - lb)).sum(1)
    top = [np.argsort(-x, 1, kind="stable")[:, :5] for x in (a, b)]
    ca, cb = a - a.mean(1, keepdims=True), b - b.mean(1, keepdims=True)
    pa, pb = perplexity(-la[rows, nxt], record), perplexity(-lb[rows, nxt], record)
    print(json.dumps({
        "perplexity_original": pa[0], "perplexity_original_se": pa[1],
        "perplexity_compressed": pb[0], "perplexity_compressed_se": pb[1],
        "kl_mean": float(kl.mean()), "kl_median": float(np.quantile(kl, 0.5)), "kl_p90": float(np.quantile(kl, 0.9)),
        "kl_p99": float(np.quantile(kl, 0.99)), "kl_max": float(kl.max()),
        "top1_agreement": float((top[0][:, 0] == top[1][:, 0]).mean()),
        "top5_agreement": float(np.mean([len(set(x) & set(y)) / 5 for x, y in zip(*top)])),
        "logit_cosine": cosine(a, b), "logit_relative_error": relative(a, b),
        "logit_cosine_centered": cosine(ca, cb), "logit_relative_error_centered": relative(ca, cb)}))


if __name__ == "__main__":
    main()
