#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What numpy and torch take for the work of bench_spectrum and bench_factors, as a user calls them.

    OPENBLAS_CORETYPE=SKYLAKEX python3 peers_numpy_torch.py values          all singular values, by shape and whole model
    OPENBLAS_CORETYPE=SKYLAKEX python3 peers_numpy_torch.py factors         full SVD of a 2048 x 2048 matrix
    OPENBLAS_CORETYPE=SKYLAKEX python3 peers_numpy_torch.py compress FILE [LAYERS]
                                                                            rank-256 int8 factors, file to file

All threads that OpenBLAS finds are used; --threads N changes that.
"""
import json
import os
import statistics
import struct
import sys
import time

arguments = [a for a in sys.argv[1:]]
threads = os.cpu_count()
if "--threads" in arguments:
    at = arguments.index("--threads")
    threads = int(arguments[at + 1])
    del arguments[at:at + 2]
os.environ["OPENBLAS_NUM_THREADS"] = str(threads)

import numpy as np  # noqa: E402  (after the thread count is set)
import torch  # noqa: E402

torch.set_num_threads(threads)
SHAPES = [((2048, 2048), 96), ((8192, 2048), 24), ((2048, 8192), 24)]


def matrix(rows, cols, seed):
    random = np.random.default_rng(seed)
    w = random.standard_normal((rows, cols), dtype=np.float32) * np.float32(0.02)
    decay = lambda n: (1 + 0.02 * np.arange(n, dtype=np.float32)) ** np.float32(-0.3)
    return w * decay(rows)[:, None] * decay(cols)[None, :]


def median(work, repeats=1):
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def values():
    totals = {"numpy float64": 0.0, "torch float32": 0.0}
    for (rows, cols), layers in SHAPES:
        w = matrix(rows, cols, 1)
        t = torch.from_numpy(w)
        for name, work in [("numpy float64", lambda: np.linalg.svd(w.astype(np.float64), compute_uv=False)),
                           ("torch float32", lambda: torch.linalg.svdvals(t))]:
            seconds = median(work)
            totals[name] += layers * seconds
            print(f"| {name} | {rows}x{cols} | {seconds:.2f} s |", flush=True)
    for name, seconds in totals.items():
        print(f"| {name} | whole model | {seconds:.0f} s |")


def factors():
    w = matrix(2048, 2048, 1)
    t = torch.from_numpy(w)
    print(f"| numpy.linalg.svd float64 | {median(lambda: np.linalg.svd(w.astype(np.float64), full_matrices=False)):.2f} s |")
    print(f"| torch.linalg.svd float32 | {median(lambda: torch.linalg.svd(t, full_matrices=False)):.2f} s |")


def int8(a, axis):
    scale = np.maximum(np.abs(a).max(axis=axis, keepdims=True) / 127, 1e-30)
    return np.clip(np.rint(a / scale), -127, 127).astype(np.int8), scale.astype(np.float32)


def compress(path, layers, rank=256):
    start = time.perf_counter()
    with open(path, "rb") as file:
        size = struct.unpack("<Q", file.read(8))[0]
        header = json.loads(file.read(size))
        names = [n for n in header if n != "__metadata__"][:layers]
        out = {}
        for name in names:
            begin, end = header[name]["data_offsets"]
            file.seek(8 + size + begin)
            w = np.frombuffer(file.read(end - begin), np.float32).reshape(header[name]["shape"])
            u, s, vt = np.linalg.svd(w.astype(np.float64), full_matrices=False)
            root = np.sqrt(s[:rank])
            out[name + ".a"], out[name + ".as"] = int8(u[:, :rank] * root, 0)
            out[name + ".b"], out[name + ".bs"] = int8(root[:, None] * vt[:rank], 1)
    np.savez(path + ".numpy.npz", **out)
    os.remove(path + ".numpy.npz")
    seconds = time.perf_counter() - start
    print(f"numpy: {len(names)} layers, {seconds:.1f} s, {seconds / len(names):.3f} s a layer")


print(f"numpy {np.__version__}, torch {torch.__version__}, {threads} threads, "
      f"OPENBLAS_CORETYPE={os.environ.get('OPENBLAS_CORETYPE', 'unset')}")
what = arguments[0] if arguments else "values"
if what == "values":
    values()
elif what == "factors":
    factors()
elif what == "compress" and len(arguments) > 1:
    compress(arguments[1], int(arguments[2]) if len(arguments) > 2 else 96)
else:
    sys.exit(__doc__)
