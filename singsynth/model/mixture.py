r"""A Gaussian mixture of four components held to smooth, mostly unimodal shapes by four numbers.

Blaauw and Bonada 2017, section 3.2 (the constrained mixture). With :math:`s` the logistic function,
the network's outputs :math:`a_0 \dots a_3` give location, scale, skewness and shape::

    xi    = 2 s(a0) - 1              omega = 2/255 exp(4 s(a1))
    alpha = 2 s(a2) - 1              beta  = 2 s(a3)

    sigma_k = omega exp(k (1.1 |alpha| - 1))                     k = 0..3
    mu_k    = xi + 1.6 alpha sum_{i<k} sigma_i
    w_k     = (alpha^2 beta / 1.75)^k / sum_i (alpha^2 beta / 1.75)^i

Values are scaled so that the data lies in [-1, 1]. Weights stay in log space, as with small alpha
all but the first vanish.

The loss is the exact negative log-likelihood ``-log sum_k w_k N(x; mu_k, sigma_k)``; the sum of
weighted log densities that circulates instead is only a bound on it.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

NUM_COMPONENTS = 4
NUM_RAW = 4
"""Network outputs per dimension: a0, a1, a2, a3."""

MIN_SCALE = 2.0 / 255.0
MIN_LOG_RATIO = -30.0
"""Bound on log(alpha^2 beta / 1.75), reached only where its exponential is nothing in float32."""

INITIAL_SCALE_LOGIT = 2.0
"""Bias of a1 to begin training with: scales start wide (0.27), or the first errors, far outside
a narrow density, send gradients that wreck the network."""


class Mixture(NamedTuple):
    """Shapes all (..., D, 4): the last axis is the component."""

    log_weights: Tensor
    means: Tensor
    scales: Tensor


def mixture(raw: Tensor) -> Mixture:
    """Network outputs (..., D, 4) to the parameters of the mixture, in float32."""
    a = raw.float()
    location = 2 * torch.sigmoid(a[..., 0:1]) - 1  # (..., D, 1)
    scale = MIN_SCALE * torch.exp(4 * torch.sigmoid(a[..., 1:2]))
    skew = 2 * torch.sigmoid(a[..., 2:3]) - 1
    log_shape = math.log(2.0) + torch.nn.functional.logsigmoid(a[..., 3:4])

    k = torch.arange(NUM_COMPONENTS, device=a.device, dtype=a.dtype)  # (4,)
    scales = scale * torch.exp(k * (1.1 * skew.abs() - 1))  # (..., D, 4)
    below = torch.cumsum(scales, dim=-1) - scales  # sum of the scales of lower components
    means = location + 1.6 * skew * below
    log_ratio = 2 * torch.log(skew.abs() + 1e-12) + log_shape - math.log(1.75)
    log_weights = torch.log_softmax(k * log_ratio.clamp_min(MIN_LOG_RATIO), dim=-1)
    return Mixture(log_weights, means, scales)


def negative_log_likelihood(raw: Tensor, target: Tensor) -> Tensor:
    """Exact ``-log p(target)`` in nats per dimension.

    Shapes: ``raw`` (..., D, 4), ``target`` (..., D); returns (..., D).
    """
    log_weights, means, scales = mixture(raw)
    z = (target.float().unsqueeze(-1) - means) / scales
    log_density = -0.5 * (z * z + math.log(2 * math.pi)) - torch.log(scales)
    return -torch.logsumexp(log_weights + log_density, dim=-1)


def mean(parameters: Mixture) -> Tensor:
    """Mean of the mixture, (..., D)."""
    return (parameters.log_weights.exp() * parameters.means).sum(dim=-1)


def cool(parameters: Mixture, temperature: Tensor | float) -> Mixture:
    """Narrow a mixture: means move to the common mean, variances shrink by ``temperature``.

    ``m = sum w_k mu_k; mu_k += (m - mu_k)(1 - tau); sigma_k *= sqrt(tau)``. At 1 nothing changes,
    at 0 only the mean is left. A tensor of temperatures has shape (D,).
    """
    tau = torch.as_tensor(temperature, dtype=parameters.means.dtype, device=parameters.means.device)
    tau = tau.unsqueeze(-1) if tau.ndim else tau
    centre = mean(parameters).unsqueeze(-1)
    means = tau * parameters.means + (1 - tau) * centre  # exact at 0 and at 1
    return Mixture(parameters.log_weights, means, parameters.scales * torch.sqrt(tau))


def sample(parameters: Mixture, uniform: Tensor, normal: Tensor) -> Tensor:
    """Draw from a mixture with noise drawn beforehand, so that every engine can draw the same.

    ``uniform`` in [0, 1) picks the component, ``normal`` the place in it; all shapes (..., D).
    """
    cumulative = torch.cumsum(parameters.log_weights.exp(), dim=-1)[..., :-1]
    choice = (uniform.unsqueeze(-1) >= cumulative).sum(dim=-1, keepdim=True)  # (..., D, 1)
    centre = parameters.means.gather(-1, choice).squeeze(-1)
    return centre + parameters.scales.gather(-1, choice).squeeze(-1) * normal
