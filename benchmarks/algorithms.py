"""What was tried to make generation faster, measured side by side; ``docs/performance.md``.

    python benchmarks/algorithms.py

Phrase batching: the harmonic stream with more and more phrases in a thread's slots. Pipelining:
what each stream of one phrase takes. Jacobi sweeps: with the noise drawn beforehand a phrase is the
fixed point of the whole network; how many parallel sweeps reach it. Folding: the products of a
frame as they are, and with every residual product folded into the gates behind it.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from torch import Tensor

from singsynth import load_voice
from singsynth.model import mixture as gaussian
from singsynth.model.engine import Job, cpu, engine_name, threads
from singsynth.model.network import GatedNetwork, pad_controls
from singsynth.voice import Voice

FRAMES = 1000
HOP_S = 0.005


def main() -> None:
    voice = load_voice("pjs")
    print(f"engine {engine_name()}, one thread\n")
    with threads(1), torch.inference_mode():
        batching(voice)
        pipelining(voice)
        jacobi(voice)
        folding(voice.timbre.network("harmonic"))


def phrase(network: GatedNetwork, frames: int = FRAMES) -> Job:
    """Controls that hold for eighths of a second, as phones do, and noise."""
    size, inputs = network.encoder.input.in_features, network.num_inputs
    held = torch.rand(frames // 25 + 1, size).repeat_interleave(25, 0)[:frames]
    return Job((held > 0.97).float(), torch.rand(frames, inputs), torch.randn(frames, inputs))


def median(run: Callable[[], object], repeats: int = 5) -> float:
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        run()
        times.append(time.perf_counter() - begin)
    return sorted(times)[repeats // 2]


def packed(voice: Voice, stream: str) -> tuple[cpu.Packed, GatedNetwork]:
    tau = None if stream == "voicing" else voice.timbre.temperature(stream)
    network = voice.timbre.network(stream)
    return cpu.Packed(network, -1.0, tau, engine_name()), network


def batching(voice: Voice) -> None:
    engine, network = packed(voice, "harmonic")
    print("| phrases in a thread's slots | harmonic stream, multiples of real time |\n|---|---|")
    for count in (1, 2, 3, 6, 12, 24):
        jobs = [phrase(network) for _ in range(count)]
        taken = median(lambda: engine.run(jobs, 1, slots=count))
        print(f"| {count} | {count * FRAMES * HOP_S / taken:.0f} |")


def pipelining(voice: Voice) -> None:
    print("\n| stream of one phrase | µs a frame |\n|---|---|")
    for stream in ("harmonic", "voicing", "aperiodic"):
        engine, network = packed(voice, stream)
        job = phrase(network)
        taken = median(lambda: engine.run([job], 1))
        print(f"| {stream} | {taken / FRAMES * 1e6:.1f} |")


def jacobi(voice: Voice) -> None:
    """Sweep x <- head(network(x)) over all frames at once until no sample moves by 1e-4."""
    network = voice.timbre.network("harmonic")
    tau = voice.timbre.temperature("harmonic")
    config, dimensions = network.config, network.num_inputs
    job = phrase(network)
    reach, history, field = config.encoder_reach, config.control_history, config.receptive_field
    controls = pad_controls(job.controls[None], history + reach, reach)
    assert job.uniform is not None
    assert job.normal is not None
    frames: Tensor = torch.full((1, FRAMES, dimensions), -1.0)
    before = torch.full((1, field, dimensions), -1.0)
    sweeps, moved = 0, 1.0
    begin = time.perf_counter()
    while moved > 1e-4 and sweeps < FRAMES:
        raw = network(torch.cat([before, frames], dim=1)[:, :-1], controls)
        shaped = raw.view(1, FRAMES, dimensions, gaussian.NUM_RAW)
        cooled = gaussian.cool(gaussian.mixture(shaped), tau)
        drawn = gaussian.sample(cooled, job.uniform[None], job.normal[None]).clamp(-1, 1)
        moved = float((drawn - frames).abs().max())
        frames, sweeps = drawn, sweeps + 1
    taken = time.perf_counter() - begin
    engine, _ = packed(voice, "harmonic")
    serial = median(lambda: engine.run([job], 1))
    print(
        f"\nJacobi: {sweeps} sweeps of {FRAMES} frames, {taken / sweeps * 1e3:.0f} ms each "
        f"in PyTorch; the compiled recursion takes {serial * 1e3:.0f} ms in all"
    )


def folding(network: GatedNetwork) -> None:
    """Bytes decide the pace of one phrase: multiply them by what folding adds."""
    channels, layers = network.config.residual_channels, len(network.config.dilations)
    plain = sum(p.numel() for p in network.parameters()) - sum(
        p.numel() for part in (network.encoder, network.controls) for p in part.parameters()
    )
    residual = (layers - 1) * channels * channels
    folded = layers * (layers - 1) // 2 * 2 * (2 * channels * channels)  # both taps, every k < l
    grown = (plain - residual + folded) / plain
    print(
        f"\nfolding: {plain / 1e6:.2f} M weights a frame become "
        f"{(plain - residual + folded) / 1e6:.2f} M, {grown:.2f} times as many"
    )
    for size in (plain, plain - residual + folded):
        vector, matrix = torch.randn(512), torch.randn(size // 512, 512).half().float()
        taken = median(lambda m=matrix, v=vector: [m @ v for _ in range(200)])
        print(f"    their products alone, float32 in PyTorch: {taken / 200 * 1e6:.0f} µs a frame")


if __name__ == "__main__":
    main()
