#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Train the demo model on the corpus encoded by train_bpe.py.

The learning rate follows the clock, not the step count: warm-up, then a
cosine or a line down to --end, so that a slowed or paused run still ends annealed.

Work is spread over --workers single-threaded processes: they take small parts
of a batch from a common counter, so an unevenly loaded machine holds nobody
up; the first one sums the gradients and updates the weights in shared memory.
"""
import argparse
import calendar
import json
import math
import mmap
import multiprocessing as mp
import os
import signal
import time

import numpy as np
import torch

import kernels
from check import load
from model import GptNeo, make_config
from muon import Muon
from train_bpe import CUT


def load_ids(path, eot):
    """(ids, targets): the separator after a cut-off story is no target."""
    raw = np.fromfile(path, dtype=np.uint16).astype(np.int64)
    return np.where(raw == CUT, eot, raw), np.where(raw == CUT, -100, raw)


class Sequences:
    """Some sequences tile the corpus from a random phase; the others, a share
    `first` of all, begin with a story, half of those after its separator."""

    def __init__(self, ids, targets, eot, length, first, seed):
        self.ids, self.targets, self.length, self.first = ids, targets, length, first
        self.rng = np.random.default_rng(seed)
        eots = np.flatnonzero(ids == eot)
        self.starts = eots[eots + length + 2 < len(ids)]
        self.queue = np.empty(0, dtype=np.int64)

    def refill(self):
        n = self.length
        tiles = np.arange(self.rng.integers(n), len(self.ids) - n - 1, n)
        count = len(tiles)
        tiles = self.rng.permutation(tiles)[:round((1 - self.first) * count)]
        stories = self.rng.permutation(self.starts)[:count - len(tiles)]
        stories = stories + self.rng.integers(0, 2, len(stories))
        self.queue = self.rng.permutation(np.concatenate([tiles, stories]))

    def batch(self, size):
        if len(self.queue) < size:
            self.refill()
        at, self.queue = self.queue[:size], self.queue[size:]
        k = at[:, None] + np.arange(self.length)
        return torch.from_numpy(self.ids[k]), torch.from_numpy(self.targets[k + 1])


@torch.no_grad()
def validate(model, ids, targets, length, limit):
    """Mean loss over consecutive windows of the held-out stream."""
    model.eval()
    n = min(limit, (len(ids) - 1) // length)
    k = np.arange(n)[:, None] * length + np.arange(length)
    losses = []
    for part in np.array_split(k, max(1, n // 16)):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            losses.append(model(torch.from_numpy(ids[part]), torch.from_numpy(targets[part + 1])).item())
    model.train()
    return sum(losses) / len(losses)


def shared_floats(n):
    """n zeros in memory that forked processes share."""
    return torch.from_numpy(np.frombuffer(mmap.mmap(-1, 4 * n), dtype=np.float32))


class Team:
    """Gradients of one batch from several processes."""

    def __init__(self, model, workers, parts, next_batch):
        self.model, self.workers, self.parts, self.next_batch = model, workers, parts, next_batch
        self.params = list(model.parameters())
        size = sum(p.numel() for p in self.params)
        weights, self.grads = shared_floats(size), shared_floats(workers * size).view(workers, size)
        self.losses = shared_floats(workers)
        at = 0
        for p in self.params:
            view = weights[at:at + p.numel()].view_as(p)
            view.copy_(p.data)
            p.data = view
            at += p.numel()
        self.taken = mp.Value("q", parts)
        self.barrier = mp.Barrier(workers)

    def take(self):
        with self.taken.get_lock():
            self.taken.value += 1
            return self.taken.value <= self.parts

    def work(self, rank):
        """The share of process `rank` in one batch."""
        self.barrier.wait()
        loss = 0.0
        for p in self.params:
            p.grad = None
        while self.take():
            x, y = self.next_batch(rank)
            with torch.autocast("cpu", dtype=torch.bfloat16):
                part = self.model(x, y)
            part.backward()
            loss += part.item()
        at = 0
        for p in self.params:
            row = self.grads[rank, at:at + p.numel()]
            row.zero_() if p.grad is None else row.copy_(p.grad.flatten())
            at += p.numel()
        self.losses[rank] = loss
        self.barrier.wait()

    def gather(self):
        """In the first process: start a batch, leave its gradient in the parameters, return the loss."""
        self.taken.value = 0
        self.work(0)
        total, at = self.grads.sum(0).div_(self.parts), 0
        for p in self.params:
            p.grad = total[at:at + p.numel()].view_as(p)
            at += p.numel()
        return float(self.losses.sum()) / self.parts

    def start(self):
        def loop(rank):
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            while True:
                self.work(rank)

        for rank in range(1, self.workers):
            mp.Process(target=loop, args=(rank,), daemon=True).start()


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("--work", required=True, help="folder with the encoded corpus; checkpoints go here")
    ap.add_argument("--vocab-size", type=int, default=3072)
    ap.add_argument("--layers", type=int, default=6)
    ap.add_argument("--hidden", type=int, default=256)
    ap.add_argument("--heads", type=int, default=8)
    ap.add_argument("--context", type=int, default=256)
    ap.add_argument("--batch", type=int, default=16)
    ap.add_argument("--lr", type=float, default=1e-3)
    ap.add_argument("--qk-lr", type=float, default=0.25, help="factor for the query and key matrices")
    ap.add_argument("--muon-lr", type=float, default=0.0, help="train the blocks' matrices with Muon at this rate")
    ap.add_argument("--linear", action="store_true", help="learning rate down a line, not a cosine")
    ap.add_argument("--decay", type=float, default=0.1, help="weight decay of the matrices")
    ap.add_argument("--first", type=float, default=0.5, help="share of the sequences that begin with a story")
    ap.add_argument("--dropout", type=float, default=0.0, help="on the embedding and on each residual branch")
    ap.add_argument("--warmup", type=float, default=60, help="seconds")
    ap.add_argument("--end", required=True, help="UTC time of the end: YYYY-MM-DDTHH:MM")
    ap.add_argument("--part", type=int, default=4, help="sequences in a part of a batch")
    ap.add_argument("--workers", type=int, default=2)
    ap.add_argument("--log-every", type=float, default=60, help="seconds")
    ap.add_argument("--seed", type=int, default=1234)
    ap.add_argument("--start", help="exported folder whose weights to begin with, instead of random ones")
    ap.add_argument("--resume", action="store_true")
    ap.add_argument("note", nargs="*", help="ignored")
    a = ap.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(a.seed)
    kernels.enable()
    end = calendar.timegm(time.strptime(a.end, "%Y-%m-%dT%H:%M"))

    eot = a.vocab_size - 1
    ids, targets = load_ids(os.path.join(a.work, "train.u16"), eot)
    held = load_ids(os.path.join(a.work, "held.u16"), eot)
    config = make_config(a.vocab_size, a.layers, a.hidden, a.heads, a.context)
    model = GptNeo(config)
    if a.start:
        _, weights = load(a.start)
        model.load_state_dict(weights)
    groups = {}
    for name, p in model.named_parameters():
        # unscaled scores: queries and keys would move too fast at the full rate
        factor = a.qk_lr if "q_proj" in name or "k_proj" in name else 1.0
        matrix = p.dim() == 2 and "wpe" not in name and "wte" not in name
        groups.setdefault((matrix and a.muon_lr > 0, factor, a.decay if matrix else 0.0), []).append(p)
    groups = {muon: [{"params": p, "factor": f, "weight_decay": d} for (m, f, d), p in groups.items() if m == muon]
              for muon in (False, True)}
    opts = [(a.lr, torch.optim.AdamW(groups[False], lr=a.lr, betas=(0.9, 0.98)))]
    if groups[True]:
        opts.append((a.muon_lr, Muon(groups[True])))
    state = {"start": time.time(), "step": 0, "tokens": 0, "busy": 0.0}
    ckpt = os.path.join(a.work, "checkpoint.pt")
    if a.resume:
        saved = torch.load(ckpt)
        model.load_state_dict(saved["model"])
        for (_, opt), old in zip(opts, saved["opts"]):
            opt.load_state_dict(old)
            for g in opt.param_groups:
                g["weight_decay"] = a.decay if g["weight_decay"] else 0.0
        state = saved["state"]
    model.dropout = a.dropout
    data = [Sequences(ids, targets, eot, a.context, a.first, a.seed + 1000003 * rank + state["step"])
            for rank in range(a.workers)]
    team = Team(model, a.workers, a.batch // a.part, lambda rank: data[rank].batch(a.part))
    team.start()
    log = open(os.path.join(a.work, "loss.csv"), "a" if a.resume else "w", buffering=1)
    if not a.resume:
        log.write("seconds,step,tokens,lr,train_loss,held_out_loss\n")

    def save():
        torch.save({"model": model.state_dict(), "opts": [opt.state_dict() for _, opt in opts],
                    "state": state, "config": config},
                   ckpt + ".new")
        os.replace(ckpt + ".new", ckpt)

    stop = []
    signal.signal(signal.SIGTERM, lambda *_: stop.append(1))
    print(sum(p.numel() for p in model.parameters()), "parameters", json.dumps(vars(a)), flush=True)
    recent, last_log, last_save = [], time.time(), time.time()
    while True:
        now = time.time()
        done = (now - state["start"]) / (end - state["start"])
        if stop:
            save()
            return
        if done >= 1:
            break
        warm = min(1.0, (now - state["start"]) / a.warmup + 0.01)
        rate = warm * (0.01 + 0.99 * (1 - done if a.linear else 0.5 * (1 + math.cos(math.pi * done))))
        for full, opt in opts:
            for g in opt.param_groups:
                g["lr"] = full * rate * g["factor"]
        loss = team.gather()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for _, opt in opts:
            opt.step()
        recent.append(loss)
        state["step"] += 1
        state["tokens"] += a.batch * a.context
        state["busy"] += time.time() - now
        if time.time() - last_log > a.log_every:
            v = validate(model, *held, a.context, 64)
            mean = sum(recent) / len(recent)
            log.write(f"{time.time() - state['start']:.0f},{state['step']},{state['tokens']},"
                      f"{a.lr * rate:.3e},{mean:.4f},{v:.4f}\n")
            recent, last_log = [], time.time()
        if time.time() - last_save > 180:
            save()
            last_save = time.time()
    v = validate(model, *held, a.context, 10**9)
    log.write(f"{time.time() - state['start']:.0f},{state['step']},{state['tokens']},0,"
              f"{sum(recent) / max(1, len(recent)):.4f},{v:.4f}\n")
    save()
    print("finished", state, flush=True)


if __name__ == "__main__":
    main()
