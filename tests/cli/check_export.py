#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a factored and a dense export of one plan with numpy and compares them with each other and with the model.

Usage: check_export.py MODEL FACTORED DENSE
Every dense matrix must be A·B, multiplied in double, rounded to its dtype; everything else must be the model's, byte for byte.
"""
import json
import pathlib
import sys

import numpy as np

from safetensors_numpy import read_folder

def unpack_int4(packed, cols):
    low = (packed & 15).astype(np.int8)
    high = (packed >> 4).astype(np.int8)
    codes = np.stack([low, high], axis=-1).reshape(packed.shape[0], -1)[:, :cols]
    return np.where(codes > 7, codes - 16, codes)


def scaled(codes, scales, axis, group):
    """code × scale as F32, which is what the factors are."""
    rows, cols = codes.shape
    codes = codes.astype(np.float32)
    if axis == "row":
        return codes * np.repeat(scales.reshape(rows, -1), group or cols, axis=1)[:, :cols]
    return codes * np.repeat(scales.reshape(-1, cols), group or rows, axis=0)[:rows]


def load_factor(tensors, name, rows, cols, form):
    stored = tensors[name]
    values = unpack_int4(stored.stored(), cols) if stored.dtype == "U8" else stored.double()
    assert values.shape == (rows, cols), f"{name} is {values.shape}"
    if not form["dtype"].startswith("int"):
        return values
    return scaled(values, tensors[name + "_scale"].stored(), form["axis"], form["group"]).astype(np.float64)


def rounded(values, dtype):
    """To nearest, ties to even; to BF16 by way of F32, as PyTorch does."""
    if dtype != "BF16":
        return values.astype({"F64": np.float64, "F32": np.float32, "F16": np.float16}[dtype]).astype(np.float64)
    mantissa, exponent = np.frexp(values.astype(np.float32).astype(np.float64))
    return np.ldexp(np.rint(np.ldexp(mantissa, 8)), exponent - 8)


def check_product(name, a, b, dense):
    """Exact, but for products so near the middle of two neighbours that the order of summation decides."""
    product, noise = a @ b, 1e-15 * a.shape[1] * (np.abs(a) @ np.abs(b))
    actual = dense.double()
    exact = actual == rounded(product, dense.dtype)
    tied = (actual == rounded(product - noise, dense.dtype)) | (actual == rounded(product + noise, dense.dtype))
    assert (exact | tied).all(), f"{name}: {np.count_nonzero(~(exact | tied))} elements are not A·B rounded to {dense.dtype}"
    return np.count_nonzero(exact), np.count_nonzero(~exact)


def main(model_path, factored_path, dense_path):
    model, factored, dense = (read_folder(path) for path in (model_path, factored_path, dense_path))
    manifest = json.loads((pathlib.Path(factored_path) / "rankscope.json").read_text())
    layers = manifest["layers"]
    assert dense.keys() == model.keys(), "the dense export has other names"
    exact = tied = 0
    for name, layer in layers.items():
        rows, cols = model[name].shape
        a = load_factor(factored, name + ".lowrank_a", rows, layer["rank"], layer["a"])
        b = load_factor(factored, name + ".lowrank_b", layer["rank"], cols, layer["b"])
        assert dense[name].dtype == model[name].dtype and dense[name].shape == model[name].shape, name
        counts = check_product(name, a, b, dense[name])
        exact, tied = exact + counts[0], tied + counts[1]
        w = model[name].double()
        cosine = (w * (a @ b)).sum() / (np.linalg.norm(w) * np.linalg.norm(a @ b))
        assert abs(cosine - layer["cosine"]) < 1e-9, f"{name}: cosine {cosine}, the manifest says {layer['cosine']}"
    others = [name for name in model if name not in layers]
    for name in others:
        for where, tensors in (("factored", factored), ("dense", dense)):
            same = (tensors[name].dtype, tensors[name].shape, bytes(tensors[name].bytes)) == (
                model[name].dtype, model[name].shape, bytes(model[name].bytes))
            assert same, f"{name} differs in the {where} export"
    expected = set(others) | {f"{name}.lowrank_{f}" for name in layers for f in "ab"}
    extra = {name for name in factored if not name.endswith("_scale")} - expected
    assert not extra, f"the factored export has {extra}"
    print(f"{len(layers)} layers: {exact} elements equal A·B rounded to their dtype, {tied} more lie between two neighbours; "
          f"{len(others)} other tensors byte-identical in both exports")


if __name__ == "__main__":
    main(*sys.argv[1:])
