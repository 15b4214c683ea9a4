# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads safetensors folders with numpy alone, so that what Rankscope writes is checked by other code than its own."""
import json
import pathlib
import struct

import numpy as np

DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1",
          "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1", "BOOL": "u1"}


class Tensor:
    def __init__(self, dtype, shape, data):
        self.dtype, self.shape, self.bytes = dtype, tuple(shape), data

    def stored(self):
        """The elements as stored; BF16 as its bit patterns."""
        return np.frombuffer(self.bytes, DTYPES[self.dtype]).reshape(self.shape)

    def double(self):
        values = self.stored()
        if self.dtype == "BF16":
            values = (values.astype(np.uint32) << 16).view(np.float32)
        return values.astype(np.float64)


def read_file(path):
    data = memoryview(pathlib.Path(path).read_bytes())
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(bytes(data[8:8 + size]))
    header.pop("__metadata__", None)
    return {name: Tensor(entry["dtype"], entry["shape"], data[8 + size:][slice(*entry["data_offsets"])])
            for name, entry in header.items()}


def read_folder(folder):
    tensors = {}
    for path in sorted(pathlib.Path(folder).glob("*.safetensors")):
        tensors.update(read_file(path))
    return tensors
