"""Reference engine: cached generation in plain PyTorch, one step a frame, phrases as a batch.

What a frame needs of the past stands in ring buffers: the stream's own last frames for the initial
convolution, and for a layer of dilation ``d`` its last ``d`` activations. What it needs of the
score was multiplied out before (:meth:`GatedNetwork.project_controls`). A step is then a handful of
products of (batch, channels) matrices, where the uncached network recomputes its whole receptive
field (Paine et al. 2016, *Fast WaveNet generation algorithm*).
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from singsynth.model import mixture as gaussian
from singsynth.model.network import GatedNetwork, pad_controls


class Head(Protocol):
    """Turns the network's outputs of one frame into the frame's values."""

    def __call__(self, raw: Tensor, t: int) -> Tensor:
        """(batch, num_outputs) of frame ``t`` -> (batch, num_inputs)."""
        ...


class MixtureHead(NamedTuple):
    """Samples the constrained mixture with noise drawn beforehand.

    ``uniform`` and ``normal`` are (batch, T, D), ``temperature`` is (D,).
    """

    uniform: Tensor
    normal: Tensor
    temperature: Tensor

    def __call__(self, raw: Tensor, t: int) -> Tensor:
        """One frame, drawn from the cooled mixture."""
        shaped = raw.view(raw.shape[0], -1, gaussian.NUM_RAW)  # (batch, D, 4)
        cooled = gaussian.cool(gaussian.mixture(shaped), self.temperature)
        drawn = gaussian.sample(cooled, self.uniform[:, t], self.normal[:, t])
        return drawn.clamp(-1.0, 1.0)


class VoicingHead(NamedTuple):
    """Voiced (1) where the predicted probability reaches ``threshold``, else unvoiced (-1)."""

    threshold: float = 0.5

    def __call__(self, raw: Tensor, t: int) -> Tensor:
        """One frame of -1 and 1."""
        return torch.where(torch.sigmoid(raw) >= self.threshold, 1.0, -1.0)


@torch.inference_mode()
def generate(network: GatedNetwork, projected: Tensor, initial: Tensor, head: Head) -> Tensor:
    """Generate every frame of one stream for a batch of phrases.

    Parameters
    ----------
    projected
        (batch, control_history + T, projections): from :meth:`GatedNetwork.project_controls`,
        beginning ``control_history`` frames before the first generated one.
    initial
        (batch, num_inputs): the frame that is taken to stand before the phrase (silence).
    head
        Draws a frame from the network's outputs.

    Returns
    -------
    (batch, T, num_inputs)
    """
    config = network.config
    batch, steps = projected.shape[0], projected.shape[1]
    history, kernel = config.control_history, config.initial_kernel
    width = 2 * config.residual_channels
    layers = len(config.dilations)

    recent = initial.unsqueeze(1).repeat(1, kernel, 1)  # (batch, kernel, D), a ring
    rings = [initial.new_zeros(d, batch, config.residual_channels) for d in config.dilations]
    order = [torch.arange(kernel).roll(-shift).to(initial.device) for shift in range(kernel)]
    frames = []
    for step in range(steps):
        now = projected[:, step]  # (batch, projections)
        h = network.initial(recent[:, order[step % kernel]].flatten(1))  # (batch, R)
        skip_sum = now[:, layers * width :]  # (batch, S)
        for index, dilation in enumerate(config.dilations):
            slot = step % dilation
            past = rings[index][slot].clone()  # the activation of ``dilation`` frames ago
            rings[index][slot] = h
            z = network.gates[index](torch.cat([past, h], dim=-1))
            z = z + now[:, index * width : (index + 1) * width]
            a, b = z.chunk(2, dim=-1)
            gated = torch.tanh(a) * torch.sigmoid(b)
            skip_sum = skip_sum + network.skips[index](gated)
            if index < len(network.residuals):
                h = h + network.residuals[index](gated)
        t = step - history
        if t >= 0:
            frame = head(network.output(torch.tanh(skip_sum)), t)
            frames.append(frame)
        else:  # still filling the buffers: silence stands before the phrase
            frame = initial
        recent[:, step % kernel] = frame
    return torch.stack(frames, dim=1)


@torch.inference_mode()
def generate_uncached(
    network: GatedNetwork, controls: Tensor, initial: Tensor, head: Head
) -> Tensor:
    """The same by running the whole network anew for every frame: simplest, and slowest.

    ``controls`` is (batch, T, num_controls), not multiplied out; the rest as :func:`generate`.
    """
    config = network.config
    reach, history, field = config.encoder_reach, config.control_history, config.receptive_field
    frames = initial.unsqueeze(1).repeat(1, field, 1)
    padded = pad_controls(controls, history + reach, reach)
    for t in range(controls.shape[1]):
        window = padded[:, t : t + history + 1 + 2 * reach]
        raw = network(frames[:, t : t + field], window)
        frames = torch.cat([frames, head(raw[:, 0], t).unsqueeze(1)], dim=1)
    return frames[:, field:]
