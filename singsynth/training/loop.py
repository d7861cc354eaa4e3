"""The training loop: one model, a loss a step, resumable at any moment, repeatable from a seed.

All randomness of a step derives from (seed, step), so that a training which was killed and resumed
makes the same weights as one that was not. What a voice gets is a running mean of the weights.

Under ``torchrun`` every process computes its share of each batch and gradients are averaged; the
first process alone writes.
"""

from __future__ import annotations

import csv
import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn
from tqdm import tqdm

from singsynth.files import write_whole
from singsynth.training.recipe import ScheduleConfig
from singsynth.voice import check_device

CHECKPOINT_EVERY_S = 60.0

LONGEST_WAIT = timedelta(hours=3)
"""Processes wait this long for the first to prepare the corpus or to evaluate."""


def choose_device(name: str) -> torch.device:
    """Where to train; under ``torchrun``, ``cuda`` is a GPU of its own for each process.

    Raises
    ------
    VoiceError
        If the device is not there.
    """
    if name == "cuda" and processes()[1] > 1:
        name = f"cuda:{os.environ.get('LOCAL_RANK', '0')}"
    device = check_device(name)
    if device.type == "cuda":
        torch.cuda.set_device(device)
    return device


def prefers_bfloat16(device: torch.device) -> bool:
    """Whether products of bfloat16 are native on this device."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    return "bf16" in torch.backends.cpu.get_cpu_capability().lower() or _cpu_flag("avx512_bf16")


def _cpu_flag(flag: str) -> bool:
    try:
        return flag in Path("/proc/cpuinfo").read_text(encoding="ascii", errors="ignore")
    except OSError:
        return False


def processes() -> tuple[int, int]:
    """(rank, number of processes); joins the group that ``torchrun`` announces."""
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count > 1 and not dist.is_initialized():
        backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
        dist.init_process_group(backend, timeout=LONGEST_WAIT)
    return (dist.get_rank(), count) if count > 1 else (0, 1)


def step_seed(seed: int, step: int, rank: int) -> int:
    """One number for all randomness of a step of a process."""
    return int(np.random.SeedSequence([seed, step, rank]).generate_state(1)[0])


def train(
    model: nn.Module,
    loss: Callable[[np.random.Generator, int], Tensor],
    validate: Callable[[], float],
    schedule: ScheduleConfig,
    folder: Path,
    name: str,
    seed: int,
    device: torch.device,
) -> None:
    """Train ``model`` in place; it ends with the averaged weights, in evaluation mode.

    Parameters
    ----------
    loss
        ``(rng, batch) -> scalar``: the loss of one random batch of that size.
    validate
        Loss on songs that are not trained on; called in evaluation mode.
    folder
        Takes ``NAME.pt`` (checkpoint), ``NAME.csv`` and TensorBoard events.
    """
    rank, count = processes()
    autocast: Callable[[], AbstractContextManager[Any]] = nullcontext
    if prefers_bfloat16(device):
        autocast = partial(torch.autocast, device.type, torch.bfloat16)
    optimizer = torch.optim.Adam(model.parameters(), lr=schedule.learning_rate)
    average = {k: v.detach().clone() for k, v in model.named_parameters()}
    state: dict[str, Any] = {"step": 0, "best": float("inf"), "best_weights": None}
    checkpoint = folder / f"{name}.pt"
    folder.mkdir(parents=True, exist_ok=True)
    if checkpoint.is_file():
        saved = torch.load(checkpoint, map_location=device, weights_only=True)
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        average = saved["average"]
        state = {key: saved[key] for key in state}
    log = _Log(folder, name, state["step"]) if rank == 0 else None
    progress = tqdm(
        total=schedule.updates, initial=state["step"], desc=name, unit="update", disable=rank > 0
    )
    share = max(1, schedule.batch // count)
    saved_at, running = time.monotonic(), 0.0
    while state["step"] < schedule.updates:
        step = state["step"]
        one = step_seed(seed, step, rank)
        torch.manual_seed(one)
        for group in optimizer.param_groups:
            group["lr"] = schedule.learning_rate * _pace(step, schedule)
        model.train()
        with autocast():
            value = loss(np.random.default_rng(one), share)
        optimizer.zero_grad(set_to_none=True)
        value.backward()  # type: ignore[no-untyped-call]
        if count > 1:
            _average_gradients(model, count)
        norm = float(nn.utils.clip_grad_norm_(model.parameters(), schedule.clip))
        if not np.isfinite(norm):
            raise FloatingPointError(f"{name}: gradients are not finite at update {step}")
        optimizer.step()
        keep = min(schedule.average, (step + 1) / (step + 10))
        with torch.no_grad():
            for key, parameter in model.named_parameters():
                average[key].lerp_(parameter, 1 - keep)
        state["step"] = step + 1
        latest = float(value.detach())
        running = 0.98 * running + 0.02 * latest if running else latest
        progress.update()
        if state["step"] % schedule.validate_every == 0 or state["step"] == schedule.updates:
            held = _validated(model, average, validate, autocast)
            if held < state["best"]:
                state["best"] = held
                if schedule.keep_best:
                    state["best_weights"] = {k: v.clone() for k, v in average.items()}
            progress.set_postfix(loss=f"{running:.4f}", validation=f"{held:.4f}")
            if log:
                log.add(state["step"], running, held, optimizer.param_groups[0]["lr"])
            running = 0.0
        ended = state["step"] == schedule.updates
        if rank == 0 and (ended or time.monotonic() - saved_at > CHECKPOINT_EVERY_S):
            contents = {
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
                "average": average,
                **state,
            }
            with write_whole(checkpoint, force=True) as temporary:
                torch.save(contents, temporary)
            saved_at = time.monotonic()
    progress.close()
    final = state["best_weights"] if schedule.keep_best and state["best_weights"] else average
    _load(model, final)
    model.eval()
    if log:
        log.close()


def _pace(step: int, schedule: ScheduleConfig) -> float:
    """Linear warm-up, then half a cosine down to nothing."""
    if step < schedule.warmup:
        return (step + 1) / schedule.warmup
    done = (step - schedule.warmup) / max(1, schedule.updates - schedule.warmup)
    return 0.5 * (1 + float(np.cos(np.pi * done)))


def _average_gradients(model: nn.Module, count: int) -> None:
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    flat = torch.cat([g.flatten() for g in gradients])
    dist.all_reduce(flat)
    flat /= count
    pieces = torch.split(flat, [gradient.numel() for gradient in gradients])
    for gradient, piece in zip(gradients, pieces, strict=True):
        gradient.copy_(piece.view_as(gradient))


def _load(model: nn.Module, weights: dict[str, Tensor]) -> None:
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            parameter.copy_(weights[key])


def _validated(
    model: nn.Module,
    average: dict[str, Tensor],
    validate: Callable[[], float],
    autocast: Callable[[], AbstractContextManager[Any]],
) -> float:
    """Validation loss of the averaged weights; the model's own are put back."""
    own = {k: v.detach().clone() for k, v in model.named_parameters()}
    _load(model, average)
    model.eval()
    with torch.no_grad(), autocast():
        value = validate()
    _load(model, own)
    return value


LOGGED = ("update", "loss", "validation", "learning_rate")
"""Columns of a log."""


class _Log:
    """CSV and TensorBoard, continued after a resume without repeating a line."""

    def __init__(self, folder: Path, name: str, step: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self.path = folder / f"{name}.csv"
        rows: list[list[str]] = []
        if self.path.is_file() and step:
            with self.path.open(encoding="utf-8", newline="") as file:
                rows = list(csv.reader(file))[1:]
        # The last row may be cut off, if the training was killed while it was written.
        whole = (row for row in rows if len(row) == len(LOGGED) and row[-1])
        kept = [row for row in whole if int(row[0]) <= step]
        with self.path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([LOGGED, *kept])
        self.writer = SummaryWriter(str(folder / "tensorboard" / name), purge_step=step)

    def add(self, step: int, loss: float, validation: float, rate: float) -> None:
        with self.path.open("a", encoding="utf-8", newline="") as file:
            csv.writer(file).writerow([step, f"{loss:.5f}", f"{validation:.5f}", f"{rate:.3e}"])
        for key, value in zip(LOGGED[1:], (loss, validation, rate), strict=True):
            self.writer.add_scalar(key, value, step)

    def close(self) -> None:
        self.writer.close()
