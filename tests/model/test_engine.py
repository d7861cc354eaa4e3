"""The compiled engine against the reference: the same output for the same noise."""

import subprocess
import sys
import textwrap

import pytest
import torch

from singsynth.model.engine import Job, cpu, engine_name, generate, padded
from singsynth.model.network import GatedNetwork, NetworkConfig

needs_core = pytest.mark.skipif(cpu.missing() is not None, reason=str(cpu.missing()))

ODD = NetworkConfig(
    residual_channels=7,
    skip_channels=5,
    initial_kernel=3,
    dilations=(1, 3, 2),
    encoder_channels=9,
    encoder_kernel=3,
    encoder_dilations=(1, 2),
)
DEEP = NetworkConfig(
    residual_channels=64,
    skip_channels=64,
    dilations=(1, 2, 4, 8, 16, 1, 2, 4, 8, 16),
    encoder_channels=64,
    encoder_dilations=(1, 2, 4, 8),
)
PAPER = NetworkConfig()
SHAPES = {"odd": (ODD, 3, 5), "pitch": (DEEP, 1, 40), "harmonic": (PAPER, 60, 138)}
LENGTHS = (31, 8, 50, 1, 23, 30, 9)


def make(shape: str, voicing: bool = False) -> GatedNetwork:
    config, inputs, controls = SHAPES[shape]
    torch.manual_seed(7)
    return GatedNetwork(inputs, inputs * (1 if voicing else 4), controls, config).eval()


def phrases(network: GatedNetwork, lengths=LENGTHS, voicing: bool = False) -> list[Job]:
    noise = torch.Generator().manual_seed(11)
    size, inputs = network.encoder.input.in_features, network.num_inputs
    controls = [torch.randn(n, size, generator=noise) for n in lengths]
    if voicing:
        return [Job(c) for c in controls]
    uniform = [torch.rand(n, inputs, generator=noise) for n in lengths]
    normal = [torch.randn(n, inputs, generator=noise) for n in lengths]
    return [Job(*job) for job in zip(controls, uniform, normal, strict=True)]


def temperature(network: GatedNetwork) -> torch.Tensor:
    return torch.linspace(0.1, 1.0, network.num_inputs)


def levels() -> list[tuple[int, str]]:
    """Every instruction set of this processor with every precision that it has."""
    found = [(0, "float32")]
    for level in range(1, cpu.lib.core_level() + 1 if cpu.lib else 0):
        found += [(level, "float32"), (level, "int16")]
    return found


TOLERANCE = {"float32": 1e-4, "int16": 3e-2}
"""Of frames in [-1, 1]. Rounding to 16 bits moves a sample by a few thousandths; where it turns the
choice of a component, by the distance between two."""


@needs_core
@pytest.mark.parametrize(("level", "precision"), levels())
@pytest.mark.parametrize("shape", SHAPES)
def test_the_compiled_engine_equals_the_reference(shape, level, precision):
    network = make(shape)
    jobs, tau = phrases(network), temperature(network)
    expected = padded.generate(network, jobs, -1.0, tau)
    made = cpu.Packed(network, -1.0, tau, precision, level).run(jobs, threads=2)
    assert [len(frames) for frames in made] == list(LENGTHS)
    together, reference = torch.cat(made), torch.cat(expected)
    assert reference.std() > 0.05
    assert (together - reference).abs().max() < TOLERANCE[precision]
    assert (together - reference).square().mean().sqrt() < 1e-3


@needs_core
@pytest.mark.parametrize(("level", "precision"), levels())
def test_voicing_is_decided_alike(level, precision):
    network = make("odd", voicing=True)
    jobs = phrases(network, voicing=True)
    expected = torch.cat(padded.generate(network, jobs, -1.0, None))
    made = torch.cat(cpu.Packed(network, -1.0, None, precision, level).run(jobs, threads=1))
    assert set(made.unique().tolist()) == {-1.0, 1.0}
    assert (made != expected).float().mean() < 0.02  # a logit of zero, but for rounding


@needs_core
@pytest.mark.parametrize(("level", "precision"), levels())
@pytest.mark.parametrize("shape", SHAPES)
def test_company_threads_and_order_change_no_bit(shape, level, precision):
    network = make(shape)
    jobs, tau = phrases(network), temperature(network)
    packed = cpu.Packed(network, -1.0, tau, precision, level)
    alone = [packed.run([job], threads=1)[0] for job in jobs]
    for threads, slots in ((1, 1), (1, 4), (1, 24), (2, 3), (3, 2)):
        together = packed.run(jobs, threads, slots=slots)
        assert all(torch.equal(a, b) for a, b in zip(alone, together, strict=True))


@needs_core
def test_changed_weights_are_packed_anew():
    network = make("odd")
    jobs, tau = phrases(network), temperature(network)
    before = generate(network, jobs, -1.0, tau)
    assert all(map(torch.equal, before, generate(network, jobs, -1.0, tau)))
    with torch.no_grad():
        network.output.bias += 0.5
    after = generate(network, jobs, -1.0, tau)
    assert not torch.equal(before[0], after[0])
    assert torch.allclose(after[0], padded.generate(network, jobs, -1.0, tau)[0], atol=3e-2)
    assert not torch.equal(after[0], generate(network, jobs, -1.0, tau * 0)[0])


@needs_core
def test_progress_rises_to_the_end_and_nothing_is_a_result_too():
    network = make("harmonic")
    told: list[float] = []
    jobs = phrases(network, lengths=(3000, 2500))
    cpu.Packed(network, -1.0, temperature(network), "float32", 0).run(jobs, 1, told.append)
    assert told
    assert told == sorted(told)
    assert told[0] >= 0
    assert told[-1] <= 1
    assert generate(network, [], -1.0, None) == []


def test_the_environment_names_the_engine(monkeypatch):
    network = make("odd")
    jobs, tau = phrases(network), temperature(network)
    monkeypatch.setenv("SINGSYNTH_ENGINE", "reference")
    assert engine_name() == "reference"
    made = generate(network, jobs, -1.0, tau)
    assert all(
        torch.equal(a, b)
        for a, b in zip(made, padded.generate(network, jobs, -1.0, tau), strict=True)
    )
    monkeypatch.setenv("SINGSYNTH_ENGINE", "abacus")
    with pytest.raises(ValueError, match="SINGSYNTH_ENGINE=abacus: no such engine; there are"):
        generate(network, jobs, -1.0, tau)


def test_without_the_compiled_engine_pytorch_sings_and_says_so(monkeypatch):
    monkeypatch.setattr(cpu, "lib", None)
    network = make("odd")
    jobs, tau = phrases(network), temperature(network)
    with pytest.warns(UserWarning, match=r"not installed .* PyTorch sings instead, about 20 times"):
        made = generate(network, jobs, -1.0, tau)
    assert torch.equal(made[0], padded.generate(network, jobs, -1.0, tau)[0])


@needs_core
def test_a_processor_without_avx2_has_the_exact_engine(monkeypatch):
    class Plain:
        LEVEL_BASE = 0

        def core_level(self):
            return 0

        def __getattr__(self, name):
            return getattr(real, name)

    real = cpu.lib
    monkeypatch.setattr(cpu, "lib", Plain())
    assert engine_name() == "float32"
    network = make("odd")
    jobs, tau = phrases(network), temperature(network)
    made = generate(network, jobs, -1.0, tau)
    expected = padded.generate(network, jobs, -1.0, tau)
    assert torch.allclose(torch.cat(made), torch.cat(expected), atol=1e-4)
    monkeypatch.setenv("SINGSYNTH_ENGINE", "int16")
    with pytest.warns(UserWarning, match="lacks AVX2, which int16 needs; PyTorch sings"):
        generate(network, jobs, -1.0, tau)


@needs_core
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits memory the Linux way")
def test_short_memory_falls_to_one_phrase_at_a_time():
    """Three long phrases do not fit under the limit, one does."""
    code = """
        import resource, warnings, torch
        from singsynth.model.engine import Job, cpu
        from singsynth.model.network import GatedNetwork, NetworkConfig
        torch.set_num_threads(1)
        network = GatedNetwork(1, 4, 2, NetworkConfig(8, 8, 2, (1,), 256, 3, (1,))).eval()
        job = Job(torch.randn(20000, 2), torch.rand(20000, 1), torch.randn(20000, 1))
        now = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (now + 85 * 2**20,) * 2)
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            made = cpu.generate(network, [job] * 6, -1.0, torch.ones(1), precision="float32")
        print([str(w.message) for w in said], len(made), float(made[5].std()) > 0.01)
    """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True
    )
    said = "memory is short: singing one phrase at a time, on one core"
    assert run.stdout.strip() == f"['{said}'] 6 True"
