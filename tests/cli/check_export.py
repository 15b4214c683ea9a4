#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a factored and a dense export of one plan with numpy and compares them with each other and with the model.

Usage: check_export.py MODEL FACTORED DENSE
Every dense matrix must be base + A·B (either part alone where there is only one), multiplied in double, rounded to its dtype;
a bias that takes up a shift must be the model's plus the shift; everything else must be the model's, byte for byte.
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


def unpack_int3(packed, cols):
    """Code j of a row is bits 3j … 3j + 2 of its bytes, read as one little-endian number."""
    bits = np.unpackbits(packed, axis=1, bitorder="little").reshape(packed.shape[0], -1, 3)
    codes = (bits * np.array([1, 2, 4], np.uint8)).sum(axis=-1).astype(np.int8)
    assert packed.shape[1] == 3 * ((cols + 7) // 8) and not codes[:, cols:].any()
    codes = codes[:, :cols]
    return np.where(codes > 3, codes - 8, codes)


def scaled(codes, scales, axis, group):
    """code × scale as F32, which is what the factors are."""
    rows, cols = codes.shape
    codes = codes.astype(np.float32)
    if axis == "row":
        return codes * np.repeat(scales.reshape(rows, -1), group or cols, axis=1)[:, :cols]
    return codes * np.repeat(scales.reshape(-1, cols), group or rows, axis=0)[:rows]


LARGEST = {"int8": 127, "int4": 7, "int3": 3}
BITS = {"f32": 32, "f16": 16, "bf16": 16, "int8": 8, "int4": 4, "int3": 3}


def load_matrix(tensors, name, rows, cols, form):
    """The numbers of a factor or a base, and the bytes it takes."""
    stored = tensors[name]
    if form["dtype"] == "int4":
        values = unpack_int4(stored.stored(), cols)
    elif form["dtype"] == "int3":
        values = unpack_int3(stored.stored(), cols)
    else:
        values = stored.double()
    assert values.shape == (rows, cols), f"{name} is {values.shape}"
    if not form["dtype"].startswith("int"):
        return values, len(stored.bytes)
    assert np.abs(values).max() <= LARGEST[form["dtype"]], name
    scales = tensors[name + "_scale"]
    assert scales.dtype == form.get("scale_dtype", "f32").upper(), name
    numbers = scaled(values, scales.double().astype(np.float32), form["axis"], form["group"])
    return numbers.astype(np.float64), len(stored.bytes) + len(scales.bytes)


def load_layer(tensors, name, rows, cols, layer):
    """base + A·B with its rounding noise, and the bytes of all parts."""
    total, noise, size = np.zeros((rows, cols)), np.zeros((rows, cols)), 0
    if "base" in layer:
        total, size = load_matrix(tensors, name + ".quantized", rows, cols, layer["base"])
        if layer["base"].get("scale_dtype") == "f16" and layer["base"]["group"] == 32 and cols % 32 == 0 and cols % 8 == 0:
            bits = 8 * size / (rows * cols)
            assert layer["base"]["axis"] == "column" or bits == BITS[layer["base"]["dtype"]] + 0.5, f"{name} has {bits} bits a weight"
    if "rank" in layer:
        a, bytes_a = load_matrix(tensors, name + ".lowrank_a", rows, layer["rank"], layer["a"])
        b, bytes_b = load_matrix(tensors, name + ".lowrank_b", layer["rank"], cols, layer["b"])
        noise = 1e-15 * (layer["rank"] + 1) * (np.abs(a) @ np.abs(b) + np.abs(total))
        total, size = total + a @ b, size + bytes_a + bytes_b
    if layer.get("bias_shift"):
        size += len(tensors[name + ".bias_shift"].bytes)
    return total, noise, size


def rounded(values, dtype):
    """To nearest, ties to even; to BF16 by way of F32, as PyTorch does."""
    if dtype != "BF16":
        return values.astype({"F64": np.float64, "F32": np.float32, "F16": np.float16}[dtype]).astype(np.float64)
    mantissa, exponent = np.frexp(values.astype(np.float32).astype(np.float64))
    return np.ldexp(np.rint(np.ldexp(mantissa, 8)), exponent - 8)


def check_product(name, product, noise, dense):
    """Exact, but for sums so near the middle of two neighbours that the order of summation decides."""
    actual = dense.double()
    exact = actual == rounded(product, dense.dtype)
    tied = (actual == rounded(product - noise, dense.dtype)) | (actual == rounded(product + noise, dense.dtype))
    assert (exact | tied).all(), f"{name}: {np.count_nonzero(~(exact | tied))} elements are not base + A·B rounded to {dense.dtype}"
    return np.count_nonzero(exact), np.count_nonzero(~exact)


def check_bias(name, layer, model, factored, dense):
    """The shift of a layer's bias; returns the bias's name."""
    bias = name.removesuffix(".weight") + ".bias"
    shift = factored[name + ".bias_shift"]
    assert shift.dtype == "F32" and shift.shape == model[bias].shape, bias
    expected = rounded(model[bias].double() + shift.double(), model[bias].dtype)
    assert np.array_equal(dense[bias].double(), expected), f"{bias} is not the model's plus the shift"
    return bias


def main(model_path, factored_path, dense_path):
    model, factored, dense = (read_folder(path) for path in (model_path, factored_path, dense_path))
    manifest = json.loads((pathlib.Path(factored_path) / "rankscope.json").read_text())
    layers = manifest["layers"]
    assert dense.keys() == model.keys(), "the dense export has other names"
    needs_two = any("base" in l or l.get("bias_shift") or "int3" in (l.get("a", {}).get("dtype"), l.get("b", {}).get("dtype"))
                    for l in layers.values())
    assert manifest["version"] == (2 if needs_two else 1), manifest["version"]
    exact = tied = size = 0
    biases = set()
    for name, layer in layers.items():
        rows, cols = model[name].shape
        product, noise, written = load_layer(factored, name, rows, cols, layer)
        size += written
        assert layer["method"], name
        if layer.get("bias_shift"):
            biases.add(check_bias(name, layer, model, factored, dense))
        assert dense[name].dtype == model[name].dtype and dense[name].shape == model[name].shape, name
        counts = check_product(name, product, noise, dense[name])
        exact, tied = exact + counts[0], tied + counts[1]
        w = model[name].double()
        cosine = (w * product).sum() / (np.linalg.norm(w) * np.linalg.norm(product))
        assert abs(cosine - layer["cosine"]) < 1e-9, f"{name}: cosine {cosine}, the manifest says {layer['cosine']}"
    others = [name for name in model if name not in layers]
    for name in others:
        for where, tensors in (("factored", factored), ("dense", dense)):
            if where == "dense" and name in biases:
                continue
            same = (tensors[name].dtype, tensors[name].shape, bytes(tensors[name].bytes)) == (
                model[name].dtype, model[name].shape, bytes(model[name].bytes))
            assert same, f"{name} differs in the {where} export"
    expected = set(others) | {f"{name}.lowrank_{f}" for name, layer in layers.items() if "rank" in layer for f in "ab"}
    expected |= {f"{name}.quantized" for name, layer in layers.items() if "base" in layer}
    expected |= {f"{name}.bias_shift" for name, layer in layers.items() if layer.get("bias_shift")}
    extra = {name for name in factored if not name.endswith("_scale")} - expected
    assert not extra, f"the factored export has {extra}"
    print(f"{len(layers)} layers: {exact} elements equal what is stored ({size} bytes) rounded to their dtype, {tied} more lie between two neighbours; "
          f"{len(others)} other tensors byte-identical in both exports")


if __name__ == "__main__":
    main(*sys.argv[1:])
