"""The constrained mixture: literal values, exact likelihood, temperature, sampling."""

import math

import pytest
import torch

from singsynth.model import mixture as gaussian


def by_the_book(a0: float, a1: float, a2: float, a3: float) -> tuple[list[float], ...]:
    """Weights, means and scales straight from the paper's formulas, in plain floats."""

    def s(x: float) -> float:
        return 1 / (1 + math.exp(-x))

    xi, omega = 2 * s(a0) - 1, 2 / 255 * math.exp(4 * s(a1))
    alpha, beta = 2 * s(a2) - 1, 2 * s(a3)
    scales = [omega * math.exp(k * (1.1 * abs(alpha) - 1)) for k in range(4)]
    means = [xi + 1.6 * alpha * sum(scales[:k]) for k in range(4)]
    powers = [(alpha**2 * beta / 1.75) ** k for k in range(4)]
    return [p / sum(powers) for p in powers], means, scales


@pytest.mark.parametrize(
    "raw", [(0.3, 0.5, 1.2, 0.7), (-1.0, -2.0, -3.0, 4.0), (0.0, 0.0, 0.01, 0.0)]
)
def test_parameters_are_the_papers(raw):
    weights, means, scales = by_the_book(*raw)
    made = gaussian.mixture(torch.tensor([raw]))
    assert made.log_weights.exp()[0].tolist() == pytest.approx(weights, abs=1e-6)
    assert made.means[0].tolist() == pytest.approx(means, abs=1e-6)
    assert made.scales[0].tolist() == pytest.approx(scales, rel=1e-5)


def test_likelihood_is_exact_not_the_bound():
    raw, x = (0.3, 0.5, 2.5, 0.7), 0.4
    weights, means, scales = by_the_book(*raw)
    densities = [
        math.exp(-0.5 * ((x - m) / s) ** 2) / (s * math.sqrt(2 * math.pi))
        for m, s in zip(means, scales, strict=True)
    ]
    exact = -math.log(sum(w * d for w, d in zip(weights, densities, strict=True)))
    bound = -sum(w * math.log(d) for w, d in zip(weights, densities, strict=True))
    nll = float(gaussian.negative_log_likelihood(torch.tensor([raw]), torch.tensor([x])))
    assert nll == pytest.approx(exact, abs=1e-5)
    assert abs(bound - exact) > 0.01


def test_density_integrates_to_one():
    raw = torch.tensor([[0.2, 0.1, 1.5, 1.0]])
    x = torch.linspace(-6, 6, 20001)
    density = torch.exp(-gaussian.negative_log_likelihood(raw.expand(len(x), 4), x))
    assert float(torch.trapezoid(density, x)) == pytest.approx(1.0, abs=1e-4)


def test_likelihood_and_gradient_stay_finite_at_the_extremes():
    raw = torch.tensor([[40.0, -40.0, 0.0, -40.0], [-40.0, 40.0, 40.0, 40.0]], requires_grad=True)
    loss = gaussian.negative_log_likelihood(raw, torch.tensor([-1.0, 1.0])).sum()
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(raw.grad).all()


def test_temperature_zero_leaves_the_mean_and_one_changes_nothing():
    made = gaussian.mixture(torch.randn(5, 3, 4))
    cold = gaussian.cool(made, 0.0)
    mean = gaussian.mean(made)
    assert torch.allclose(cold.means, mean.unsqueeze(-1).expand_as(cold.means), atol=1e-6)
    assert torch.all(cold.scales == 0)
    same = gaussian.cool(made, 1.0)
    assert torch.allclose(same.means, made.means)
    assert torch.allclose(same.scales, made.scales)


def test_samples_have_the_mixtures_mean_and_variance():
    torch.manual_seed(3)
    raw = torch.tensor([[0.2, 1.0, 2.0, 2.0]]).expand(200_000, 4)
    made = gaussian.mixture(raw)
    drawn = gaussian.sample(made, torch.rand(200_000), torch.randn(200_000))
    weights, means, scales = by_the_book(0.2, 1.0, 2.0, 2.0)
    mean = sum(w * m for w, m in zip(weights, means, strict=True))
    second = sum(w * (s * s + m * m) for w, m, s in zip(weights, means, scales, strict=True))
    assert float(drawn.mean()) == pytest.approx(mean, abs=3e-3)
    assert float(drawn.var()) == pytest.approx(second - mean**2, rel=0.02)
