"""The CUDA kernel without a card: equal to the reference under Triton's interpreter, and compiled
ahead of time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap

import pytest

from singsynth.model.engine import engine_name, padded

needs_triton = pytest.mark.skipif(
    not padded.has_triton(), reason="Triton is not installed: pip install 'singsynth[cuda]'"
)

NETWORKS = """
from singsynth.model.network import GatedNetwork, NetworkConfig
import torch

DILATIONS = (1, 2, 4, 8, 16) * 2

def network(name):
    torch.manual_seed(5)
    config, inputs, controls, raw = {
        "odd": (NetworkConfig(7, 5, 3, (1, 3, 2), 9, 3, (1, 2)), 3, 5, 4),
        "voicing": (NetworkConfig(20, 4, 10, (1, 2, 4), 8, 3, (1,)), 1, 6, 1),
        "one layer": (NetworkConfig(6, 5, 4, (2,), 9, 3, (1,)), 2, 5, 4),
        "pitch": (NetworkConfig(64, 64, 10, DILATIONS, 16, 3, (1,)), 1, 7, 4),
        "deep": (NetworkConfig(16, 20, 4, (1, 16), 8, 3, (1,)), 1, 7, 4),
        "wide": (NetworkConfig(300, 280, 2, (1,), 8, 3, (1,)), 4, 3, 4),
        "harmonic": (NetworkConfig(), 60, 20, 4),
        "aperiodic": (NetworkConfig(20, 16), 2, 20, 4),
    }[name]
    return GatedNetwork(inputs, inputs * raw, controls, config).eval(), raw == 4
"""

INTERPRETED = """
import functools, json
from singsynth.model.engine import Job, cuda, padded
names = {"odd": (5, 3), "voicing": (3, 4), "one layer": (4,), "deep": (2,), "wide": (2,),
         "harmonic": (1,)}
found = {}
for name, lengths in names.items():
    net, mixture = network(name)
    noise = torch.Generator().manual_seed(3)
    def draw(f, n, size):
        return f(n, size, generator=noise)
    jobs = [
        Job(
            draw(torch.randn, n, net.encoder.input.in_features),
            draw(torch.rand, n, net.num_inputs),
            draw(torch.randn, n, net.num_inputs),
        )
        for n in lengths
    ]
    tau = torch.linspace(0.2, 1.0, net.num_inputs) if mixture else None
    expected = torch.cat(padded.generate(net, jobs, -1.0, tau))
    kernel = cuda.generate
    for dtype in (torch.float32, torch.float16):
        cuda.generate = functools.partial(kernel, dtype=dtype)
        made = torch.cat(padded.generate(net, jobs, -1.0, tau, triton=True))
        found.setdefault(name, []).append(float((made - expected).abs().max()))
    cuda.generate = kernel
    found[name].append(float(expected.std()))
print(json.dumps(found))
"""

COMPILED = """
import json, warnings
from singsynth.model.engine.cuda_ahead import compile_ahead
warnings.simplefilter("ignore")
found = {}
for name in ("harmonic", "pitch", "voicing"):
    for capability in (80, 90):
        net, mixture = network(name)
        found[f"{name} sm_{capability}"] = compile_ahead(net, mixture, capability)
print(json.dumps(found))
"""


def run(code: str, **environment: str) -> dict[str, list[float]]:
    """Run in a fresh process: Triton reads its environment when it is imported."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", NETWORKS + textwrap.dedent(code)],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@needs_triton
def test_the_kernel_equals_the_reference_under_the_interpreter() -> None:
    found = run(INTERPRETED, TRITON_INTERPRET="1")
    assert set(found) == {"odd", "voicing", "one layer", "deep", "wide", "harmonic"}
    for name, (exact, half, spread) in found.items():
        assert spread > 0.03, name
        assert exact < 1e-4, name
        assert half < 5e-3, name


@needs_triton
def test_the_kernel_compiles_ahead_of_time_without_spilling() -> None:
    found = run(COMPILED)
    assert len(found) == 6
    for name, (registers, shared, spilled) in found.items():
        assert 0 < registers <= 255, name
        assert 0 < shared <= 100 * 1024, name  # of 164 KiB and 228 KiB
        assert spilled == 0, name


def test_a_card_without_triton_has_the_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(padded, "has_triton", lambda: False)
    with pytest.warns(UserWarning, match=r"Triton is not installed: PyTorch .*'singsynth\[cuda\]'"):
        assert engine_name("cuda") == "reference"
    monkeypatch.setattr(padded, "has_triton", lambda: True)
    assert engine_name("cuda") == "cuda"
