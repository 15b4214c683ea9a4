#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the fixtures of tst_model: small random models with awkward settings and the logits that PyTorch computes for
them in double precision, by implementations written here from the papers and from Hugging Face's definitions.

Needs python3-torch and python3-numpy. Run it in this folder; it rewrites fixtures/.
"""
import json
import math
import struct
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

HERE = Path(__file__).resolve().parent / "fixtures"
DTYPES = {torch.float32: "F32", torch.bfloat16: "BF16", torch.float16: "F16", torch.int64: "I64"}


def save(path, tensors):
    header, blobs, offset = {}, [], 0
    for name, t in tensors.items():
        t = t.contiguous()
        raw = t.view(torch.int16).numpy().tobytes() if t.dtype in (torch.bfloat16, torch.float16) else t.numpy().tobytes()
        header[name] = {"dtype": DTYPES[t.dtype], "shape": list(t.shape), "data_offsets": [offset, offset + len(raw)]}
        blobs.append(raw)
        offset += len(raw)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blobs))


class Weights:
    """Random tensors, rounded to their stored dtype once and handed out in double."""

    def __init__(self, seed, dtype):
        self.g = torch.Generator().manual_seed(seed)
        self.dtype, self.stored = dtype, {}

    def __call__(self, name, *shape, scale=None, shift=0.0):
        if name not in self.stored:
            scale = scale if scale is not None else 1.6 / math.sqrt(shape[-1])
            t = torch.randn(*shape, generator=self.g, dtype=torch.float64) * scale + shift
            self.stored[name] = t.to(self.dtype)
        return self.stored[name].double()

    def norm(self, name, n, bias):
        w = self(name + ".weight", n, scale=0.3, shift=1.0)
        return (w, self(name + ".bias", n, scale=0.2)) if bias else (w, None)

    def linear(self, name, out, inp, bias):
        w = self(name + ".weight", out, inp)
        return w, (self(name + ".bias", out, scale=0.3) if bias else None)


def layer_norm(x, w, b, eps):
    mean = x.mean(-1, keepdim=True)
    var = ((x - mean) ** 2).mean(-1, keepdim=True)
    return (x - mean) / torch.sqrt(var + eps) * w + b


def rms_norm(x, w, eps):
    return x / torch.sqrt((x * x).mean(-1, keepdim=True) + eps) * w


def gelu_new(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3)))


def attention(q, k, v, scale, window):
    """q (heads, t, d); k, v (kv heads, t, d), each shared by neighbouring query heads."""
    t = q.shape[1]
    k, v = (z.repeat_interleave(q.shape[0] // z.shape[0], 0) for z in (k, v))
    i, j = torch.arange(t)[:, None], torch.arange(t)[None, :]
    seen = (j <= i) & (j > i - window) if window else j <= i
    s = (q @ k.transpose(1, 2)) * scale
    return torch.softmax(s.masked_fill(~seen, -math.inf), -1) @ v


def heads(x, n):
    return x.view(x.shape[0], n, -1).transpose(0, 1)


def unheads(x):
    return x.transpose(0, 1).reshape(x.shape[1], -1)


def inverse_frequencies(dims, theta, scaling, length, positions):
    """modeling_rope_utils.py; returns the frequencies and the factor on cos and sin."""
    kind = scaling.get("rope_type", scaling.get("type")) if scaling else None
    exponent = torch.arange(0, dims, 2, dtype=torch.float64) / dims
    if kind == "dynamic" and length > positions:
        f = scaling["factor"]
        theta = theta * (f * length / positions - (f - 1)) ** (dims / (dims - 2))
    freq = theta ** -exponent
    if kind == "linear":
        freq = freq / scaling["factor"]
    if kind == "llama3":
        old, lo, hi = scaling["original_max_position_embeddings"], scaling["low_freq_factor"], scaling["high_freq_factor"]
        wave = 2 * math.pi / freq
        smooth = (old / wave - lo) / (hi - lo)
        mid = (1 - smooth) * freq / scaling["factor"] + smooth * freq
        freq = torch.where(wave > old / lo, freq / scaling["factor"], torch.where(wave < old / hi, freq, mid))
    if kind == "yarn":
        old, f = scaling["original_max_position_embeddings"], scaling["factor"]

        def dimension(rotations):
            return dims * math.log(old / (rotations * 2 * math.pi)) / (2 * math.log(theta))

        lo = max(math.floor(dimension(scaling.get("beta_fast", 32))), 0)
        hi = min(math.ceil(dimension(scaling.get("beta_slow", 1))), dims - 1)
        ramp = ((torch.arange(dims // 2, dtype=torch.float64) - lo) / (hi - lo if hi != lo else 0.001)).clamp(0, 1)
        return freq / f * ramp + freq * (1 - ramp), 0.1 * math.log(f) + 1
    return freq, 1.0


def rotate(x, dims, freq, factor):
    angle = torch.arange(x.shape[1], dtype=torch.float64)[:, None] * freq[None, :]
    cos, sin = (torch.cat([z, z], -1) * factor for z in (angle.cos(), angle.sin()))
    turn, keep = x[..., :dims], x[..., dims:]
    half = torch.cat([-turn[..., dims // 2:], turn[..., :dims // 2]], -1)
    return torch.cat([turn * cos + half * sin, keep], -1)


def gpt_neo(c, w, ids):
    d, n = c["hidden_size"], c["num_heads"]
    inner = c["intermediate_size"] or 4 * d
    kinds = [k for kind, times in c["attention_types"] for _ in range(times) for k in kind]
    wte = w("transformer.wte.weight", c["vocab_size"], d, scale=0.5)
    x = wte[ids] + w("transformer.wpe.weight", c["max_position_embeddings"], d, scale=0.3)[:len(ids)]
    for i, kind in enumerate(kinds):
        p = f"transformer.h.{i}."
        h = layer_norm(x, *w.norm(p + "ln_1", d, True), c["layer_norm_epsilon"])
        q, k, v = (heads(F.linear(h, *w.linear(p + f"attn.attention.{z}_proj", d, d, False)), n) for z in "qkv")
        y = unheads(attention(q, k, v, 1.0, c["window_size"] if kind == "local" else 0))
        x = x + F.linear(y, *w.linear(p + "attn.attention.out_proj", d, d, True))
        h = layer_norm(x, *w.norm(p + "ln_2", d, True), c["layer_norm_epsilon"])
        h = gelu_new(F.linear(h, *w.linear(p + "mlp.c_fc", inner, d, True)))
        x = x + F.linear(h, *w.linear(p + "mlp.c_proj", d, inner, True))
    x = layer_norm(x, *w.norm("transformer.ln_f", d, True), c["layer_norm_epsilon"])
    return x @ wte.T


def gpt2(c, w, ids):
    d, n = c["n_embd"], c["n_head"]
    inner = c["n_inner"] or 4 * d
    wte = w("wte.weight", c["vocab_size"], d, scale=0.5)
    x = wte[ids] + w("wpe.weight", c["n_positions"], d, scale=0.3)[:len(ids)]

    def conv1d(x, name, inp, out):
        return x @ w(name + ".weight", inp, out, scale=1.6 / math.sqrt(inp)) + w(name + ".bias", out, scale=0.3)

    for i in range(c["n_layer"]):
        p = f"h.{i}."
        h = layer_norm(x, *w.norm(p + "ln_1", d, True), c["layer_norm_epsilon"])
        q, k, v = (heads(z, n) for z in conv1d(h, p + "attn.c_attn", d, 3 * d).split(d, 1))
        scale = (d // n) ** -0.5
        if c.get("scale_attn_by_inverse_layer_idx"):
            scale /= i + 1
        x = x + conv1d(unheads(attention(q, k, v, scale, 0)), p + "attn.c_proj", d, d)
        h = layer_norm(x, *w.norm(p + "ln_2", d, True), c["layer_norm_epsilon"])
        x = x + conv1d(gelu_new(conv1d(h, p + "mlp.c_fc", d, inner)), p + "mlp.c_proj", inner, d)
    return layer_norm(x, *w.norm("ln_f", d, True), c["layer_norm_epsilon"]) @ wte.T


def gpt_neox(c, w, ids):
    d, n, inner = c["hidden_size"], c["num_attention_heads"], c["intermediate_size"]
    dims = int(d // n * c["rotary_pct"])
    bias = c.get("attention_bias", True)
    freq, factor = inverse_frequencies(dims, c["rotary_emb_base"], None, len(ids), c["max_position_embeddings"])
    x = w("gpt_neox.embed_in.weight", c["vocab_size"], d, scale=0.5)[ids]
    for i in range(c["num_hidden_layers"]):
        p = f"gpt_neox.layers.{i}."
        h = layer_norm(x, *w.norm(p + "input_layernorm", d, True), c["layer_norm_eps"])
        qkv = F.linear(h, *w.linear(p + "attention.query_key_value", 3 * d, d, bias)).view(len(ids), n, 3, d // n)
        q, k, v = (qkv[:, :, z].transpose(0, 1) for z in range(3))
        q, k = rotate(q, dims, freq, factor), rotate(k, dims, freq, factor)
        y = F.linear(unheads(attention(q, k, v, (d // n) ** -0.5, 0)), *w.linear(p + "attention.dense", d, d, bias))
        base = x if c["use_parallel_residual"] else x + y
        h = layer_norm(base, *w.norm(p + "post_attention_layernorm", d, True), c["layer_norm_eps"])
        h = F.gelu(F.linear(h, *w.linear(p + "mlp.dense_h_to_4h", inner, d, True)))
        x = x + y + F.linear(h, *w.linear(p + "mlp.dense_4h_to_h", d, inner, True))
    x = layer_norm(x, *w.norm("gpt_neox.final_layer_norm", d, True), c["layer_norm_eps"])
    return x @ w("embed_out.weight", c["vocab_size"], d).T


def llama_like(c, w, ids):
    """LLaMA, Mistral and Qwen2."""
    d, n, kv = c["hidden_size"], c["num_attention_heads"], c["num_key_value_heads"]
    hd = c.get("head_dim") or d // n
    qwen = c["model_type"] == "qwen2"
    qkv_bias = qwen or c.get("attention_bias", False)
    o_bias = not qwen and c.get("attention_bias", False)
    mlp_bias = c.get("mlp_bias", False)
    inner, eps = c["intermediate_size"], c["rms_norm_eps"]
    freq, factor = inverse_frequencies(hd, c["rope_theta"], c.get("rope_scaling"), len(ids), c["max_position_embeddings"])
    embed = w("model.embed_tokens.weight", c["vocab_size"], d, scale=0.5)
    x = embed[ids]
    for i in range(c["num_hidden_layers"]):
        p = f"model.layers.{i}."
        window = 0
        if c["model_type"] == "mistral":
            window = c["sliding_window"] or 0
        if qwen and c["use_sliding_window"] and i >= c["max_window_layers"]:
            window = c["sliding_window"]
        h = rms_norm(x, w.norm(p + "input_layernorm", d, False)[0], eps)
        q = heads(F.linear(h, *w.linear(p + "self_attn.q_proj", n * hd, d, qkv_bias)), n)
        k = heads(F.linear(h, *w.linear(p + "self_attn.k_proj", kv * hd, d, qkv_bias)), kv)
        v = heads(F.linear(h, *w.linear(p + "self_attn.v_proj", kv * hd, d, qkv_bias)), kv)
        q, k = rotate(q, hd, freq, factor), rotate(k, hd, freq, factor)
        y = unheads(attention(q, k, v, hd ** -0.5, window))
        x = x + F.linear(y, *w.linear(p + "self_attn.o_proj", d, n * hd, o_bias))
        h = rms_norm(x, w.norm(p + "post_attention_layernorm", d, False)[0], eps)
        gate = F.linear(h, *w.linear(p + "mlp.gate_proj", inner, d, mlp_bias))
        up = F.linear(h, *w.linear(p + "mlp.up_proj", inner, d, mlp_bias))
        x = x + F.linear(gate / (1 + torch.exp(-gate)) * up, *w.linear(p + "mlp.down_proj", d, inner, mlp_bias))
    x = rms_norm(x, w.norm("model.norm", d, False)[0], eps)
    head = embed if c["tie_word_embeddings"] else w("lm_head.weight", c["vocab_size"], d)
    return x @ head.T


LLAMA = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 36, "intermediate_size": 44,
    "num_hidden_layers": 2, "num_attention_heads": 6, "num_key_value_heads": 2, "head_dim": 10, "vocab_size": 61,
    "max_position_embeddings": 64, "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "hidden_act": "silu",
    "tie_word_embeddings": False, "bos_token_id": 1, "eos_token_id": 2,
}
CASES = {
    "gpt_neo": (gpt_neo, torch.bfloat16, {
        "architectures": ["GPTNeoForCausalLM"], "model_type": "gpt_neo", "hidden_size": 35, "num_heads": 5,
        "num_layers": 4, "intermediate_size": None, "attention_types": [[["global", "local"], 2]], "window_size": 5,
        "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5, "max_position_embeddings": 40, "vocab_size": 61,
        "bos_token_id": 60, "eos_token_id": 60}),
    "gpt2": (gpt2, torch.float16, {
        "architectures": ["GPT2LMHeadModel"], "model_type": "gpt2", "n_embd": 36, "n_head": 4, "n_layer": 3, "n_inner": 52,
        "n_positions": 40, "n_ctx": 40, "layer_norm_epsilon": 1e-5, "activation_function": "gelu_new", "vocab_size": 61,
        "scale_attn_by_inverse_layer_idx": True, "bos_token_id": 60, "eos_token_id": 60}),
    "gpt_neox_parallel": (gpt_neox, torch.float16, {
        "architectures": ["GPTNeoXForCausalLM"], "model_type": "gpt_neox", "hidden_size": 48, "num_attention_heads": 3,
        "num_hidden_layers": 2, "intermediate_size": 56, "rotary_pct": 0.25, "rotary_emb_base": 10000, "vocab_size": 61,
        "max_position_embeddings": 64, "layer_norm_eps": 1e-5, "hidden_act": "gelu", "use_parallel_residual": True,
        "tie_word_embeddings": False, "bos_token_id": 0, "eos_token_id": 0}),
    "gpt_neox_serial": (gpt_neox, torch.float32, {
        "architectures": ["GPTNeoXForCausalLM"], "model_type": "gpt_neox", "hidden_size": 30, "num_attention_heads": 3,
        "num_hidden_layers": 2, "intermediate_size": 44, "rotary_pct": 1.0, "rotary_emb_base": 2500, "vocab_size": 61,
        "max_position_embeddings": 64, "layer_norm_eps": 1e-4, "hidden_act": "gelu", "use_parallel_residual": False,
        "attention_bias": False, "tie_word_embeddings": False, "bos_token_id": 0, "eos_token_id": 0}),
    "llama_gqa": (llama_like, torch.bfloat16, {**LLAMA, "attention_bias": True, "mlp_bias": True}),
    "llama_linear": (llama_like, torch.float16, {
        **LLAMA, "tie_word_embeddings": True, "rope_scaling": {"type": "linear", "factor": 3.0}}),
    "llama_dynamic": (llama_like, torch.bfloat16, {
        **LLAMA, "max_position_embeddings": 11, "rope_scaling": {"rope_type": "dynamic", "factor": 2.5}}),
    "llama_llama3": (llama_like, torch.bfloat16, {
        **LLAMA, "head_dim": 16, "rope_theta": 500.0, "rope_scaling": {
            "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
            "original_max_position_embeddings": 48}}),
    "llama_yarn": (llama_like, torch.float32, {
        **LLAMA, "head_dim": 16, "rope_scaling": {
            "rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 64}}),
    "mistral": (llama_like, torch.bfloat16, {
        **LLAMA, "architectures": ["MistralForCausalLM"], "model_type": "mistral", "sliding_window": 7}),
    "qwen2": (llama_like, torch.bfloat16, {
        **{k: v for k, v in LLAMA.items() if k != "head_dim"}, "architectures": ["Qwen2ForCausalLM"],
        "model_type": "qwen2", "num_hidden_layers": 3, "use_sliding_window": True, "sliding_window": 6,
        "max_window_layers": 1, "tie_word_embeddings": True, "rope_theta": 1000000.0}),
}


def main():
    for seed, (name, (forward, dtype, config)) in enumerate(CASES.items()):
        folder = HERE / name
        folder.mkdir(parents=True, exist_ok=True)
        weights = Weights(1000 + seed, dtype)
        ids = torch.randint(0, config["vocab_size"], (23,), generator=torch.Generator().manual_seed(seed))
        logits = forward(config, weights, ids)
        (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
        save(folder / "model.safetensors", weights.stored)
        save(folder / "expected.safetensors", {"tokens": ids, "logits": logits.float()})
        print(name, sum(t.numel() for t in weights.stored.values()), "numbers, logits up to", float(logits.abs().max()))


if __name__ == "__main__":
    main()
