"""One stream of many phrases, sampled: what the timbre and pitch models share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from singsynth.model.engine import Job, generate
from singsynth.model.network import GatedNetwork

Tell = Callable[[float], None]
"""Told the share of something that is done, 0 to 1; may raise to stop it."""


def portion(tell: Tell | None, begin: float, end: float) -> Tell | None:
    """For something that is only a part, from ``begin`` to ``end``, of what ``tell`` is told of."""
    if tell is None:
        return None
    whole = tell
    return lambda share: whole(begin + (end - begin) * share)


def sample_stream(
    network: GatedNetwork,
    controls: Sequence[Tensor],
    generators: Sequence[torch.Generator],
    temperature: Tensor | None,
    before: float,
    tell: Tell | None = None,
) -> list[Tensor]:
    """Generate one stream of phrases.

    Parameters
    ----------
    controls
        Of each phrase, (T_i, C). Before its first frame and after its last they are held.
    generators
        One CPU source of noise a phrase: neither the device nor the other phrases change its sound.
    temperature
        (D,), or None for a voicing stream, which is not sampled.
    before
        Scaled value of the frames that stand before the phrase.
    tell
        Told the share that is done.

    Returns
    -------
    Scaled frames of each phrase, (T_i, D), on the CPU.
    """
    if temperature is None:
        return generate(network, [Job(c) for c in controls], before, None, tell)
    jobs = [
        Job(
            c,
            torch.rand(len(c), network.num_inputs, generator=generator),
            torch.randn(len(c), network.num_inputs, generator=generator),
        )
        for c, generator in zip(controls, generators, strict=True)
    ]
    return generate(network, jobs, before, temperature.clamp(0.0, 1.0), tell)
