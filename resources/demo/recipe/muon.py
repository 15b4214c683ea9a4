# SPDX-License-Identifier: GPL-3.0-or-later
"""Muon (K. Jordan, 2024): momentum whose every step is made nearly orthogonal,
for the matrices inside the blocks."""
import math

import torch


def orthogonal(x):
    """Of matrices U S V' (n x rows x columns, rows <= columns) about U V': five
    Newton-Schulz iterations with Jordan's coefficients, in bfloat16."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = (x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)).bfloat16()
    for _ in range(5):
        s = torch.bmm(x, x.transpose(1, 2))
        x = torch.baddbmm(x, torch.baddbmm(s, s, s, beta=b, alpha=c), x, beta=a)
    return x.float()


class Muon(torch.optim.Optimizer):
    """Steps of the size that AdamW's have (root mean square 0.2 lr), so that
    AdamW's learning rates and weight decays serve."""

    def __init__(self, params, lr=1e-3, momentum=0.95, weight_decay=0.0):
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        shapes = {}
        for group in self.param_groups:
            for p in group["params"]:
                m = self.state[p].setdefault("momentum", torch.zeros_like(p))
                m.mul_(group["momentum"]).add_(p.grad)
                g = p.grad + group["momentum"] * m
                wide = g.t() if p.shape[0] > p.shape[1] else g
                shapes.setdefault(wide.shape, []).append((group, p, wide))
        for (_, columns), same in shapes.items():
            for (group, p, wide), step in zip(same, orthogonal(torch.stack([w for _, _, w in same]))):
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.add_(step.t() if p.shape[0] > p.shape[1] else step, alpha=-group["lr"] * 0.2 * math.sqrt(columns))
