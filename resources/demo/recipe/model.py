# SPDX-License-Identifier: GPL-3.0-or-later
"""GPT-Neo for training, with the module names of Hugging Face's GPTNeoForCausalLM.

No scaling of the attention scores, alternating global and local attention,
gelu_new, learned absolute positions, pre-norm blocks, tied output embedding.
"""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

import kernels


class SelfAttention(nn.Module):
    def __init__(self, hidden, heads):
        super().__init__()
        self.heads = heads
        self.q_proj = nn.Linear(hidden, hidden, bias=False)
        self.k_proj = nn.Linear(hidden, hidden, bias=False)
        self.v_proj = nn.Linear(hidden, hidden, bias=False)
        self.out_proj = nn.Linear(hidden, hidden)

    def forward(self, x, window, mask):
        b, t, c = x.shape
        d = c // self.heads

        def split(y):
            return y.view(b, t, self.heads, d).transpose(1, 2).reshape(b * self.heads, t, d)

        w = torch.cat([self.q_proj.weight, self.k_proj.weight, self.v_proj.weight])
        q, k, v = (split(y) for y in F.linear(x, w).split(c, dim=2))
        s = torch.bmm(q, k.transpose(1, 2))  # unscaled
        y = torch.bmm(kernels.causal_softmax(s, window, mask), v)
        y = y.view(b, self.heads, t, d).transpose(1, 2).reshape(b, t, c)
        return self.out_proj(y)


class Attention(nn.Module):
    def __init__(self, hidden, heads):
        super().__init__()
        self.attention = SelfAttention(hidden, heads)

    def forward(self, x, window, mask):
        return self.attention(x, window, mask)


class Mlp(nn.Module):
    def __init__(self, hidden, inner):
        super().__init__()
        self.c_fc = nn.Linear(hidden, inner)
        self.c_proj = nn.Linear(inner, hidden)

    def forward(self, x):
        return self.c_proj(kernels.gelu_new(self.c_fc(x)))


class Block(nn.Module):
    def __init__(self, hidden, heads, inner, eps):
        super().__init__()
        self.ln_1 = nn.LayerNorm(hidden, eps=eps)
        self.attn = Attention(hidden, heads)
        self.ln_2 = nn.LayerNorm(hidden, eps=eps)
        self.mlp = Mlp(hidden, inner)

    def forward(self, x, window, mask, drop=0.0):
        y = self.attn(self.ln_1(x), window, mask)
        x = x + (F.dropout(y, drop) if drop else y)
        y = self.mlp(self.ln_2(x))
        return x + (F.dropout(y, drop) if drop else y)


class Transformer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.wte = nn.Embedding(c["vocab_size"], c["hidden_size"])
        self.wpe = nn.Embedding(c["max_position_embeddings"], c["hidden_size"])
        self.h = nn.ModuleList(
            Block(c["hidden_size"], c["num_heads"], c["intermediate_size"], c["layer_norm_epsilon"])
            for _ in range(c["num_layers"]))
        self.ln_f = nn.LayerNorm(c["hidden_size"], eps=c["layer_norm_epsilon"])


class GptNeo(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = c = config
        self.dropout = 0.0
        self.transformer = Transformer(c)
        n = c["max_position_embeddings"]
        i, j = torch.arange(n)[:, None], torch.arange(n)[None, :]
        for name, seen in (("global", j <= i), ("local", (j <= i) & (j > i - c["window_size"]))):
            mask = torch.zeros(n, n).masked_fill(~seen, -1e9)
            self.register_buffer("mask_" + name, mask, persistent=False)
        self.init_weights()

    def init_weights(self):
        c = self.config
        std, depth = 0.02, math.sqrt(2 * c["num_layers"])
        for name, p in self.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(p)
            elif ".ln_" in name:
                nn.init.ones_(p)
            elif "wte" in name or "wpe" in name:
                nn.init.normal_(p, std=std)
            else:
                s = 1 / math.sqrt(p.shape[1])  # keeps the size of the input
                if "q_proj" in name or "k_proj" in name:
                    # scores are not divided by sqrt(head size): share it out here
                    s *= (c["hidden_size"] // c["num_heads"]) ** -0.25
                elif "out_proj" in name or "c_proj" in name:
                    s /= depth
                nn.init.normal_(p, std=s)

    def forward(self, ids, targets=None):
        t = ids.shape[1]
        m = self.transformer
        drop = self.dropout if self.training else 0.0
        x = F.dropout(m.wte(ids) + m.wpe.weight[:t], drop) if drop else m.wte(ids) + m.wpe.weight[:t]
        for block, kind in zip(m.h, self.config["attention_layers"]):
            window = self.config["window_size"] if kind == "local" else t
            x = block(x, window, getattr(self, "mask_" + kind)[:t, :t], drop)
        x = m.ln_f(x)
        logits = F.linear(x, m.wte.weight)
        if targets is None:
            return logits
        return kernels.cross_entropy(logits.flatten(0, 1), targets.flatten())


def make_config(vocab_size, layers=6, hidden=256, heads=4, context=256, window=64):
    assert layers % 2 == 0 and hidden % heads == 0
    return {
        "architectures": ["GPTNeoForCausalLM"],
        "model_type": "gpt_neo",
        "activation_function": "gelu_new",
        "attention_types": [[["global", "local"], layers // 2]],
        "attention_layers": ["global", "local"] * (layers // 2),
        "attention_dropout": 0.0,
        "embed_dropout": 0.0,
        "resid_dropout": 0.0,
        "classifier_dropout": 0.1,
        "hidden_size": hidden,
        "intermediate_size": 4 * hidden,
        "num_heads": heads,
        "num_layers": layers,
        "max_position_embeddings": context,
        "window_size": window,
        "layer_norm_epsilon": 1e-5,
        "initializer_range": 0.02,
        "vocab_size": vocab_size,
        "bos_token_id": vocab_size - 1,
        "eos_token_id": vocab_size - 1,
        "tie_word_embeddings": True,
        "use_cache": True,
    }
