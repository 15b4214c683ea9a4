# SPDX-License-Identifier: GPL-3.0-or-later
"""Loads kernels.c for bfloat16 tensors; none of it is needed, it only saves time."""
import ctypes
import os
import subprocess
import tempfile

import torch
import torch.nn.functional as F

_lib = None


def _load():
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "kernels.c")
    folder = tempfile.mkdtemp(prefix="demo_kernels_")
    out = os.path.join(folder, "kernels.so")
    subprocess.run(["cc", "-O3", "-march=native", "-mprefer-vector-width=512", "-ffast-math", "-fopenmp",
                    "-shared", "-fPIC", source, "-o", out, "-lmvec", "-lm"], check=True)
    lib = ctypes.CDLL(out)
    os.remove(out)
    os.rmdir(folder)
    lib.cross_entropy.restype = ctypes.c_double
    return lib


def enable():
    global _lib
    try:
        _lib = _load()
    except (OSError, subprocess.CalledProcessError) as e:
        print("no fused kernels:", e)
    return _lib is not None


def _p(t):
    return ctypes.c_void_p(t.data_ptr())


def _n(v):
    return ctypes.c_int64(v)


class _Gelu(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        x = x.contiguous()
        ctx.save_for_backward(x)
        y = torch.empty_like(x)
        _lib.gelu_forward(_p(x), _p(y), _n(x.numel()))
        return y

    @staticmethod
    def backward(ctx, dy):
        (x,) = ctx.saved_tensors
        dy = dy.contiguous()
        dx = torch.empty_like(x)
        _lib.gelu_backward(_p(x), _p(dy), _p(dx), _n(x.numel()))
        return dx


class _Softmax(torch.autograd.Function):
    """Takes the scores over."""

    @staticmethod
    def forward(ctx, s, window):
        s = s.detach()
        n, t, _ = s.shape
        assert s.is_contiguous() and t <= 4096
        _lib.softmax_forward(_p(s), _n(n), _n(t), _n(window))
        ctx.window = window
        ctx.save_for_backward(s)
        return s

    @staticmethod
    def backward(ctx, dp):
        (p,) = ctx.saved_tensors
        n, t, _ = p.shape
        dp = dp.contiguous()
        _lib.softmax_backward(_p(p), _p(dp), _n(n), _n(t), _n(ctx.window))
        return dp, None


class _CrossEntropy(torch.autograd.Function):
    """Takes the logits over."""

    @staticmethod
    def forward(ctx, logits, targets):
        g = logits.detach()
        rows, vocab = g.shape
        assert g.is_contiguous() and vocab <= 16384
        targets = targets.contiguous()
        loss = _lib.cross_entropy(_p(g), _p(targets), _n(rows), _n(vocab))
        ctx.save_for_backward(g)
        return torch.tensor(loss)

    @staticmethod
    def backward(ctx, g_out):
        (g,) = ctx.saved_tensors
        return (g if g_out.item() == 1.0 else g * g_out.to(g.dtype)), None


def gelu_new(x):
    if _lib is not None and x.dtype == torch.bfloat16:
        return _Gelu.apply(x)
    return F.gelu(x, approximate="tanh")


def causal_softmax(s, window, mask):
    if _lib is not None and s.dtype == torch.bfloat16:
        return _Softmax.apply(s, window)
    return torch.softmax(s + mask.to(s.dtype), dim=-1)


def cross_entropy(logits, targets):
    if _lib is not None and logits.dtype == torch.bfloat16:
        return _CrossEntropy.apply(logits, targets)
    return F.cross_entropy(logits.float(), targets, ignore_index=-100)
