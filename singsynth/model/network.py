r"""The gated causal network that predicts one stream frame by frame, and its view of the score.

Blaauw and Bonada 2017, section 3.1 (figure 2). For a stream :math:`x_t` and controls :math:`c_t`::

    h   = causal convolution over x[t - kernel] .. x[t - 1]                      initial
    z   = W_l * (h[t - d_l], h[t]) + V_l c[t];  g = tanh(z_a) sigmoid(z_b)       layer l
    h  <- h + R_l g                                                              residual
    out = A tanh(sum_l S_l g_l + V c[t])                                         skips

Controls pass first through a :class:`ControlEncoder`, a small network that looks both ways along
the score (not in the paper, which hands over one-hot neighbours; measured in ``docs/model.md``). It
costs nothing per generated frame, as controls are known for the whole phrase beforehand.

Convolutions are written as matrix products over (batch x time, channels): on a CPU about five times
faster than ``Conv1d`` on (batch, channels, time), and the same weights serve cached generation.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class NetworkConfig:
    """Size of one stream's network; the defaults are the harmonic stream's of the paper."""

    residual_channels: int = 130
    skip_channels: int = 240
    initial_kernel: int = 10
    dilations: tuple[int, ...] = (1, 2, 4, 1, 2)
    encoder_channels: int = 128
    encoder_kernel: int = 5
    encoder_dilations: tuple[int, ...] = (1, 2, 4)
    dropout: float = 0.1
    """In the control encoder."""
    skip_dropout: float = 0.0
    """On the sum of the skips, before the output."""

    @property
    def receptive_field(self) -> int:
        """Past frames that one prediction sees."""
        return self.initial_kernel + sum(self.dilations)

    @property
    def control_history(self) -> int:
        """Frames before the predicted one whose controls it sees, through the layers' taps."""
        return sum(self.dilations)

    @property
    def encoder_reach(self) -> int:
        """Frames to either side that the control encoder sees."""
        return sum(self.encoder_dilations) * (self.encoder_kernel - 1) // 2


def taps(x: Tensor, kernel: int, dilation: int = 1) -> Tensor:
    """(batch, time, channels) -> (batch, time - reach, kernel * channels), oldest tap first."""
    length = x.shape[1] - (kernel - 1) * dilation
    return torch.cat([x[:, k * dilation : k * dilation + length] for k in range(kernel)], dim=-1)


class ControlEncoder(nn.Module):
    """Controls of every frame, in the light of those around it: residual convolutions both ways."""

    def __init__(self, num_controls: int, config: NetworkConfig) -> None:
        super().__init__()
        channels, kernel = config.encoder_channels, config.encoder_kernel
        self.config = config
        self.input = nn.Linear(num_controls, channels)
        self.layers = nn.ModuleList(
            nn.Linear(kernel * channels, channels) for _ in config.encoder_dilations
        )
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, controls: Tensor) -> Tensor:
        """(batch, time, num_controls) -> (batch, time - 2 * encoder_reach, channels)."""
        h = self.dropout(torch.tanh(self.input(controls)))
        for layer, dilation in zip(self.layers, self.config.encoder_dilations, strict=True):
            update = torch.relu(layer(taps(h, self.config.encoder_kernel, dilation)))
            edge = (self.config.encoder_kernel - 1) * dilation // 2
            h = h[:, edge : h.shape[1] - edge] + self.dropout(update)
        return h


class GatedNetwork(nn.Module):
    """Autoregressive network of one stream.

    Parameters
    ----------
    num_inputs
        Dimensions of the stream.
    num_outputs
        Numbers that parametrise its distribution, per frame.
    num_controls
        Dimensions of the controls, per frame.
    """

    def __init__(
        self, num_inputs: int, num_outputs: int, num_controls: int, config: NetworkConfig
    ) -> None:
        super().__init__()
        channels, skip = config.residual_channels, config.skip_channels
        layers = len(config.dilations)
        self.config = config
        self.num_inputs = num_inputs
        self.encoder = ControlEncoder(num_controls, config)
        self.initial = nn.Linear(config.initial_kernel * num_inputs, channels)
        self.gates = nn.ModuleList(
            nn.Linear(2 * channels, 2 * channels, bias=False) for _ in range(layers)
        )
        self.residuals = nn.ModuleList(nn.Linear(channels, channels) for _ in range(layers - 1))
        self.skips = nn.ModuleList(nn.Linear(channels, skip, bias=False) for _ in range(layers))
        # The controls' 1x1 of every layer, and of the skip sum last: one product for them all.
        self.controls = nn.Linear(config.encoder_channels, layers * 2 * channels + skip)
        self.output = nn.Linear(skip, num_outputs)
        self.skip_dropout = nn.Dropout(config.skip_dropout)

    def project_controls(self, controls: Tensor) -> Tensor:
        """Controls multiplied out: (batch, T + 2 * reach, controls) -> (batch, T, projections)."""
        projected: Tensor = self.controls(self.encoder(controls))
        return projected

    def forward(self, past: Tensor, controls: Tensor) -> Tensor:
        """Predict all frames at once from true past frames (training).

        Shapes
        ------
        past
            (batch, receptive_field + T - 1, num_inputs): the frames before each predicted one.
        controls
            (batch, encoder_reach + control_history + T + encoder_reach, num_controls): from
            ``control_history`` frames before the first predicted frame, with the encoder's reach
            to either side.
        returns
            (batch, T, num_outputs).
        """
        config = self.config
        width = 2 * config.residual_channels
        projected = self.project_controls(controls)  # (batch, control_history + T, projections)
        h = self.initial(taps(past, config.initial_kernel))  # (batch, control_history + T, R)
        frames = h.shape[1] - config.control_history
        widths = [width] * len(config.dilations) + [config.skip_channels]
        *per_layer, skip_sum = torch.split(projected, widths, dim=-1)  # split: one backward for all
        skip_sum = skip_sum[:, -frames:]  # (batch, T, S)
        for index, dilation in enumerate(config.dilations):
            z = self.gates[index](taps(h, 2, dilation))  # (batch, time, 2R)
            z = z + per_layer[index][:, -z.shape[1] :]
            a, b = z.chunk(2, dim=-1)
            gated = torch.tanh(a) * torch.sigmoid(b)  # (batch, time, R)
            skip_sum = skip_sum + self.skips[index](gated[:, -frames:])
            if index < len(self.residuals):
                h = h[:, dilation:] + self.residuals[index](gated)
        out: Tensor = self.output(self.skip_dropout(torch.tanh(skip_sum)))
        return out


def pad_controls(controls: Tensor, before: int, after: int) -> Tensor:
    """Repeat the first and the last frame of (batch, time, channels) controls outwards."""
    return F.pad(controls.transpose(1, 2), (before, after), mode="replicate").transpose(1, 2)


def one_hot(identities: Tensor, count: int) -> Tensor:
    """Indices (..., K) below ``count`` -> their codes side by side, (..., K * count), float32."""
    codes = torch.zeros(*identities.shape, count, device=identities.device)
    codes.scatter_(-1, identities.unsqueeze(-1), 1.0)
    return codes.flatten(-2)
