"""One stream of many phrases, sampled as a batch: what the timbre and pitch models share."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from singsynth.model.engine import MixtureHead, VoicingHead, generate
from singsynth.model.network import GatedNetwork, pad_controls


def hold_last(values: Tensor, length: int) -> Tensor:
    """(T, ...) -> (length, ...), the last frame repeated."""
    missing = length - len(values)
    return (
        torch.cat([values, values[-1:].expand(missing, *values.shape[1:])]) if missing else values
    )


@torch.inference_mode()
def project_phrases(network: GatedNetwork, controls: Sequence[Tensor]) -> Tensor:
    """Controls of phrases (T_i, C) -> multiplied out, (batch, control_history + T, projections).

    Before its first frame and after its last a phrase's controls are held.
    """
    longest = max(len(c) for c in controls)
    device = network.output.weight.device
    batch = torch.stack([hold_last(c, longest) for c in controls]).to(device)
    reach, history = network.config.encoder_reach, network.config.control_history
    return network.project_controls(pad_controls(batch, history + reach, reach))


@torch.inference_mode()
def sample_stream(
    network: GatedNetwork,
    controls: Sequence[Tensor],
    generators: Sequence[torch.Generator],
    temperature: Tensor | None,
    before: float,
) -> list[Tensor]:
    """Generate one stream of a batch of phrases.

    Parameters
    ----------
    controls
        Of each phrase, (T_i, C).
    generators
        One CPU source of noise a phrase: neither the device nor the other phrases change its sound.
    temperature
        (D,), or None for a voicing stream, which is not sampled.
    before
        Scaled value of the frames that stand before the phrase.

    Returns
    -------
    Scaled frames of each phrase, (T_i, D), on the CPU.
    """
    lengths = [len(c) for c in controls]
    dimensions = network.num_inputs
    projected = project_phrases(network, controls)
    device = projected.device
    initial = torch.full((len(controls), dimensions), before, device=device)
    if temperature is None:
        frames = generate(network, projected, initial, VoicingHead())
    else:
        drawn = [
            (torch.rand(n, dimensions, generator=g), torch.randn(n, dimensions, generator=g))
            for n, g in zip(lengths, generators, strict=True)
        ]
        uniform = torch.stack([hold_last(u, max(lengths)) for u, _ in drawn]).to(device)
        normal = torch.stack([hold_last(z, max(lengths)) for _, z in drawn]).to(device)
        tau = temperature.clamp(0.0, 1.0).to(device)
        frames = generate(network, projected, initial, MixtureHead(uniform, normal, tau))
    frames = frames.cpu()
    return [frames[i, :length] for i, length in enumerate(lengths)]
