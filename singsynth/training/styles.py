r"""What the score does not tell: a small vector a phrase, learnt in training, zero in singing.

The same vowel at the same pitch is sung louder, brighter or closer from one phrase or day to the
next. Controls know nothing of it, so the network would count it as noise, and white noise is how it
would come back. In training every phrase :math:`g` has a vector :math:`e_g`, given to the harmonic
stream with its controls; vectors are centred, disturbed and held near zero,

.. math:: s = e_g - \bar e + \epsilon, \quad \epsilon \sim N(0, 0.5^2), \qquad
          \text{loss} \mathrel{+}= 0.02\,|e_g - \bar e|^2

(the bottleneck of a variational autoencoder with fixed variance, Kingma and Welling 2014), so that
zero is the singer's usual way. The table is thrown away after training.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

NOISE = 0.5
PENALTY = 0.02
INITIAL = 0.1


class Styles(nn.Module):
    """Vectors of ``groups`` phrases with ``dimensions`` each."""

    def __init__(self, groups: int, dimensions: int) -> None:
        super().__init__()
        self.table = nn.Embedding(groups, dimensions)
        nn.init.normal_(self.table.weight, std=INITIAL)

    def forward(self, groups: Tensor) -> tuple[Tensor, Tensor]:
        """Vectors of frames (batch, T) -> (batch, T, dimensions), and the penalty on them."""
        vectors = self.table(groups) - self.table.weight.mean(dim=0)
        penalty = PENALTY * vectors.pow(2).sum(dim=-1).mean()
        return vectors + NOISE * torch.randn_like(vectors[:, :1]), penalty
