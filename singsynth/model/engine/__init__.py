"""Autoregressive generation behind one small interface.

:func:`generate` takes phrases of one stream, each with its controls and noise drawn beforehand, and
gives every frame of each. Three engines do the work, and give the same output for the same noise:

===============  ================================================================================
``cpu``          compiled; phrases share a core's registers, threads share the phrases
``cuda``         one Triton kernel, one program a phrase
``reference``    plain PyTorch on any device: short enough to read, and what the others are held to
===============  ================================================================================

The fastest that is there is taken. The environment variable ``SINGSYNTH_ENGINE`` names another:
``int16`` and ``float32`` are the compiled engine with that precision, ``reference`` the reference.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from singsynth.model.engine import cpu, padded
from singsynth.model.engine.job import Job
from singsynth.model.network import GatedNetwork

__all__ = ["Job", "engine_name", "generate", "num_threads", "set_threads", "threads"]

VARIABLE = "SINGSYNTH_ENGINE"
CHOICES = ("int16", "float32", "reference")


def engine_name(device: str = "cpu") -> str:
    """The engine that :func:`generate` takes for a network on ``device``.

    ``int16``, ``float32``, ``cuda`` or ``reference``.

    Raises
    ------
    ValueError
        If SINGSYNTH_ENGINE names none.
    """
    asked = os.environ.get(VARIABLE, "")
    if asked and asked not in CHOICES:
        raise ValueError(f"{VARIABLE}={asked}: no such engine; there are {', '.join(CHOICES)}")
    if asked == "reference":
        return asked
    if device != "cpu":
        if padded.has_triton():
            return "cuda"
        warnings.warn(
            "Triton is not installed: PyTorch sings on this card, far slower; "
            "install it with pip install 'singsynth[cuda]'",
            stacklevel=2,
        )
        return "reference"
    reason = cpu.missing(asked or None)
    if reason is None:
        return asked or cpu.best_precision()
    warnings.warn(f"{reason}; PyTorch sings instead, about 20 times slower", stacklevel=2)
    return "reference"


def num_threads() -> int:
    """Threads that work at once, here and on sound: as many as PyTorch uses."""
    return torch.get_num_threads()


def set_threads(count: int) -> None:
    """Work with ``count`` threads from now on."""
    torch.set_num_threads(count)


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Work with ``count`` threads inside the block."""
    before = torch.get_num_threads()
    set_threads(count)
    try:
        yield
    finally:
        set_threads(before)


@torch.inference_mode()
def generate(
    network: GatedNetwork,
    jobs: Sequence[Job],
    before: float,
    temperature: Tensor | None,
    tell: Callable[[float], None] | None = None,
) -> list[Tensor]:
    """Generate one stream of phrases.

    Parameters
    ----------
    jobs
        The phrases, of any lengths.
    before
        Value of the frames that stand before a phrase.
    temperature
        (D,) in [0, 1] of a mixture; None for a voicing stream, which is not sampled: voiced (1)
        where the predicted probability reaches a half, else unvoiced (-1).
    tell
        Told the share that is done, now and then.

    Returns
    -------
    Of each phrase (T_i, D), on the CPU.
    """
    if not jobs:
        return []
    name = engine_name(network.output.weight.device.type)
    if name in ("int16", "float32"):
        return cpu.generate(network, jobs, before, temperature, precision=name, tell=tell)
    return padded.generate(network, jobs, before, temperature, triton=name == "cuda", tell=tell)
