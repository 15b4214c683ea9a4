#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write a checkpoint of train.py as config.json, model.safetensors (F16), the
tokenizer and evaluation.txt."""
import argparse
import json
import os
import shutil
import struct

import numpy as np
import torch

from train_bpe import EOT, read_stories, split_stories


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("--checkpoint", required=True)
    ap.add_argument("--tokenizer", required=True, help="folder with vocab.json and merges.txt")
    ap.add_argument("--corpus", required=True, help="as given to train_bpe.py")
    ap.add_argument("--held-out", type=float, default=0.02)
    ap.add_argument("--evaluation-bytes", type=int, default=50000)
    ap.add_argument("--out", required=True)
    a = ap.parse_args()
    os.makedirs(a.out, exist_ok=True)
    saved = torch.load(a.checkpoint, map_location="cpu")

    config = dict(saved["config"], torch_dtype="float16")
    with open(os.path.join(a.out, "config.json"), "w") as f:
        json.dump(config, f, indent=2)
        f.write("\n")

    header, blobs, at = {"__metadata__": {"format": "pt"}}, [], 0
    for name, t in sorted(saved["model"].items()):
        x = t.float().numpy().astype("<f2")
        assert np.isfinite(x).all(), name
        blob = np.ascontiguousarray(x).tobytes()
        header[name] = {"dtype": "F16", "shape": list(x.shape), "data_offsets": [at, at + len(blob)]}
        blobs.append(blob)
        at += len(blob)
    head = json.dumps(header, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 8)
    path = os.path.join(a.out, "model.safetensors")
    with open(path + ".new", "wb") as f:
        f.write(struct.pack("<Q", len(head)) + head)
        for blob in blobs:
            f.write(blob)
    os.replace(path + ".new", path)

    for name in ("vocab.json", "merges.txt"):
        shutil.copyfile(os.path.join(a.tokenizer, name), os.path.join(a.out, name))

    _, held = split_stories(read_stories(a.corpus), a.held_out)
    text, size = [], 0
    for s in held:
        size += len(s.encode()) + len(EOT) + 2
        if size > a.evaluation_bytes:
            break
        text.append(s + "\n" + EOT + "\n")
    with open(os.path.join(a.out, "evaluation.txt"), "w", encoding="utf-8", newline="\n") as f:
        f.write("".join(text))
    print(f"{at} bytes of weights, {len(text)} of {len(held)} held-out stories, state {saved['state']}")


if __name__ == "__main__":
    main()
