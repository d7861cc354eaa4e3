"""The gated network: what it sees, its size, and that cached generation is the same function."""

import pytest
import torch

from singsynth.model.engine.reference import (
    MixtureHead,
    VoicingHead,
    generate,
    generate_uncached,
)
from singsynth.model.network import GatedNetwork, NetworkConfig, pad_controls
from singsynth.model.sampling import sample_stream

SMALL = NetworkConfig(
    residual_channels=6,
    skip_channels=5,
    initial_kernel=4,
    dilations=(1, 2, 3),
    encoder_channels=7,
    encoder_kernel=3,
    encoder_dilations=(1, 2),
    dropout=0.0,
)
PAPER = NetworkConfig()


@pytest.mark.parametrize("config", [SMALL, PAPER], ids=["small", "paper"])
def test_cached_generation_equals_the_uncached_network(config):
    torch.manual_seed(0)
    network = GatedNetwork(3, 12, 9, config).eval()
    controls = torch.randn(2, 40, 9)
    initial = torch.full((2, 3), -1.0)
    head = MixtureHead(torch.rand(2, 40, 3), torch.randn(2, 40, 3), torch.tensor([0.5, 0.1, 1.0]))
    reach, history = config.encoder_reach, config.control_history
    with torch.no_grad():
        projected = network.project_controls(pad_controls(controls, history + reach, reach))
        cached = generate(network, projected, initial, head)
        slow = generate_uncached(network, controls, initial, head)
    assert cached.std() > 0.05
    assert torch.allclose(cached, slow, atol=1e-5)


def test_cached_voicing_equals_the_uncached_network():
    torch.manual_seed(1)
    network = GatedNetwork(1, 1, 4, SMALL).eval()
    controls, initial = torch.randn(3, 30, 4), torch.full((3, 1), -1.0)
    reach, history = SMALL.encoder_reach, SMALL.control_history
    with torch.no_grad():
        projected = network.project_controls(pad_controls(controls, history + reach, reach))
        cached = generate(network, projected, initial, VoicingHead())
        slow = generate_uncached(network, controls, initial, VoicingHead())
    assert set(cached.unique().tolist()) <= {-1.0, 1.0}
    assert torch.equal(cached, slow)


def test_a_prediction_sees_its_receptive_field_and_nothing_of_the_future():
    torch.manual_seed(2)
    network = GatedNetwork(2, 3, 4, SMALL).eval()
    field, frames = SMALL.receptive_field, 12
    past = torch.randn(1, field + frames - 1, 2, requires_grad=True)
    length = SMALL.control_history + frames + 2 * SMALL.encoder_reach
    out = network(past, torch.randn(1, length, 4))
    assert out.shape == (1, frames, 3)
    out[0, 5].sum().backward()
    seen = (
        past.grad[0].abs().sum(-1) > 0
    )  # frame t is predicted from past[t] .. past[t + field - 1]
    assert seen[5]
    assert seen[5 + field - 1]
    assert not seen[:5].any()
    assert not seen[5 + field :].any()


def test_phrases_do_not_hear_each_other():
    torch.manual_seed(3)
    network = GatedNetwork(2, 8, 4, SMALL).eval()
    controls = [torch.randn(n, 4) for n in (25, 9, 17)]
    tau = torch.tensor([0.5, 0.5])

    def sing(which):
        generators = [torch.Generator().manual_seed(10 + i) for i in which]
        return sample_stream(network, [controls[i] for i in which], generators, tau, -1.0)

    together, alone = sing([0, 1, 2]), sing([1])
    assert [len(frames) for frames in together] == [25, 9, 17]
    assert torch.allclose(together[1], alone[0], atol=1e-6)


def test_the_papers_harmonic_network_has_the_papers_size():
    """0.92 M parameters with the paper's controls: one-hot context of 43 phones, position, F0."""
    channels, skip, outputs, controls = 130, 240, 240, 3 * 43 + 3 + 3
    gates = 5 * (2 * channels * 2 * channels)
    per_layer = 5 * (channels * skip) + 4 * (channels * channels + channels)
    ours = gates + per_layer + (600 * channels + channels) + (skip * outputs + outputs)
    bare = ours + controls * (5 * 2 * channels + skip)
    network = GatedNetwork(60, 240, controls, PAPER)
    encoder = sum(p.numel() for p in network.encoder.parameters())
    projections = sum(p.numel() for p in network.controls.parameters())
    assert sum(p.numel() for p in network.parameters()) == ours + encoder + projections
    assert bare == pytest.approx(0.92e6, rel=0.05)
