"""Phrases of unequal length as padded batches, for the engines that work on whole tensors."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from singsynth.model.engine import reference
from singsynth.model.engine.job import Job
from singsynth.model.engine.reference import MixtureHead, VoicingHead
from singsynth.model.network import GatedNetwork, pad_controls

BATCH = 16
"""Phrases in a batch of the reference: bounds memory, and more gain little."""

CUDA_BATCH = 128
"""Phrases in a batch of the kernel: a program each, about one for every processor of a card."""


def has_triton() -> bool:
    """Whether the CUDA engine can be used: Triton is installed (the extra ``cuda``)."""
    return importlib.util.find_spec("triton") is not None


def hold_last(values: Tensor, length: int) -> Tensor:
    """(T, ...) -> (length, ...), the last frame repeated."""
    missing = length - len(values)
    return (
        torch.cat([values, values[-1:].expand(missing, *values.shape[1:])]) if missing else values
    )


def project(network: GatedNetwork, controls: Sequence[Tensor]) -> Tensor:
    """Controls of phrases (T_i, C) -> multiplied out, (batch, control_history + T, projections)."""
    longest = max(len(c) for c in controls)
    batch = torch.stack([hold_last(c, longest) for c in controls])
    reach, history = network.config.encoder_reach, network.config.control_history
    device = network.output.weight.device
    return network.project_controls(pad_controls(batch.to(device), history + reach, reach))


def generate(
    network: GatedNetwork,
    jobs: Sequence[Job],
    before: float,
    temperature: Tensor | None,
    *,
    triton: bool = False,
    tell: Callable[[float], None] | None = None,
) -> list[Tensor]:
    """As :func:`singsynth.model.engine.generate`, a batch of phrases of like length at a time."""
    device = network.output.weight.device
    run, batch_size = reference.generate, BATCH
    if triton:
        from singsynth.model.engine import cuda

        run, batch_size = cuda.generate, CUDA_BATCH
    order = sorted(range(len(jobs)), key=lambda i: len(jobs[i].controls))
    made: dict[int, Tensor] = {}
    for first in range(0, len(order), batch_size):
        indices = order[first : first + batch_size]
        batch = [jobs[i] for i in indices]
        longest = max(len(job.controls) for job in batch)
        initial = torch.full((len(batch), network.num_inputs), before, device=device)
        head: reference.Head = VoicingHead()
        if temperature is not None:
            uniform, normal = (
                torch.stack([hold_last(_noise(noise), longest) for noise in drawn]).to(device)
                for drawn in zip(*((job.uniform, job.normal) for job in batch), strict=True)
            )
            head = MixtureHead(uniform, normal, temperature.to(device))
        projected = project(network, [job.controls for job in batch])
        frames = run(network, projected, initial, head).cpu()
        for i, row in zip(indices, frames, strict=True):
            made[i] = row[: len(jobs[i].controls)]
        if tell:
            tell(len(made) / len(jobs))
    return [made[i] for i in range(len(jobs))]


def _noise(drawn: Tensor | None) -> Tensor:
    if drawn is None:
        raise ValueError("a stream that is sampled needs noise, drawn beforehand")
    return drawn
