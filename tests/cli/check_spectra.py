#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares every singular value that rankscope-cli computes with LAPACK's dgesdd on the matrix in double.

Usage: check_spectra.py RANKSCOPE_CLI MODEL…   Fails above a deviation of 1e-6 σ₁.
"""
import json
import subprocess
import sys

import numpy as np

from safetensors_numpy import read_folder

LIMIT = 1e-6


def check(cli, model):
    printed = subprocess.run([cli, "spectrum", model, "--json"], stdout=subprocess.PIPE, check=True).stdout
    tensors = read_folder(model)
    worst, values = (0.0, ""), 0
    for layer in json.loads(printed)["layers"]:
        ours = np.array(layer["singular_values"])
        lapack = np.linalg.svd(tensors[layer["name"]].double(), compute_uv=False)
        assert ours.shape == lapack.shape, layer["name"]
        values += ours.size
        worst = max(worst, (np.abs(ours - lapack).max() / lapack[0], layer["name"]))
    layers = len(json.loads(printed)["layers"])
    print(f"{model}: {layers} layers, {values} values, largest deviation {worst[0]:.2e} of the largest value, in {worst[1]}")
    return layers > 0 and worst[0] <= LIMIT


if __name__ == "__main__":
    results = [check(sys.argv[1], model) for model in sys.argv[2:]]
    sys.exit(0 if results and all(results) else 1)
