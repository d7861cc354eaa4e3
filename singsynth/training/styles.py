r"""What the score does not tell: a small vector a phrase, learnt in training, zero in singing.

The same vowel at the same pitch is sung louder, brighter or closer from one phrase or day to the
next. Controls know nothing of it, so the network would count it as noise, and white noise is how it
would come back. In training every phrase :math:`g` has a vector :math:`e_g`, given to the harmonic
stream with its controls; vectors are centred, disturbed and held near zero,

.. math:: s = e_g - \bar e + \epsilon, \quad \epsilon \sim N(0, \sigma^2), \qquad
          \text{loss} \mathrel{+}= \lambda\,|e_g - \bar e|^2

(the bottleneck of a variational autoencoder with fixed variance, Kingma and Welling 2014), so that
zero is the singer's usual way. The table is thrown away after training.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

INITIAL = 0.1
"""Standard deviation of the vectors before training."""


class Styles(nn.Module):
    """Vectors of ``groups`` phrases with ``dimensions`` each, blurred by ``noise``."""

    def __init__(self, groups: int, dimensions: int, noise: float, penalty: float) -> None:
        super().__init__()
        self.noise, self.penalty = noise, penalty
        self.table = nn.Embedding(groups, dimensions)
        nn.init.normal_(self.table.weight, std=INITIAL)

    def forward(self, groups: Tensor) -> tuple[Tensor, Tensor]:
        """Vectors of frames (batch, T) -> (batch, T, dimensions), and the penalty on them."""
        vectors = self.table(groups) - self.table.weight.mean(dim=0)
        penalty = self.penalty * vectors.pow(2).sum(dim=-1).mean()
        return vectors + self.noise * torch.randn_like(vectors[:, :1]), penalty
