"""The compiled engine: weights packed for the processor at hand, threads over phrases.

The work is done by ``core/core.c`` and ``core/kernel.h``. Here weights are arranged as they want
them, and phrases are handed to as many threads as PyTorch uses. Each thread works on several
phrases at once and takes the next when one has ended.

Precisions: ``float32`` equals the reference; ``int16`` has weights of 16 bits and activations of
14, for processors with AVX2 (what it does to the sound is measured in ``docs/performance.md``).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from singsynth.model.engine.job import Job
from singsynth.model.mixture import NUM_RAW
from singsynth.model.network import GatedNetwork

try:
    from singsynth.model.engine._core import ffi, lib
except ImportError:  # said by missing(), when it matters
    ffi = lib = None

FloatArray = npt.NDArray[np.float32]

SLOTS = 6
"""Phrases that a thread works on at once: more gain nothing, and want more of the cache."""

TELL_S = 0.1
"""Seconds between two reports of progress."""


def missing(precision: str | None = None) -> str | None:
    """Why the compiled engine (or one precision of it) cannot be used here, None if it can."""
    if lib is None:
        return (
            "the compiled engine is not installed (no C compiler was found then); install one and "
            "install singsynth again"
        )
    if precision == "int16" and best_precision() != "int16":
        return "this processor lacks AVX2, which int16 needs"
    return None


def best_precision() -> str:
    """The fastest precision of this processor."""
    return "float32" if lib.core_level() == lib.LEVEL_BASE else "int16"


class Packed:
    """A network's weights in the order that a level of the compiled engine wants.

    Raises
    ------
    MemoryError
        If they do not fit.
    """

    def __init__(
        self,
        network: GatedNetwork,
        before: float,
        temperature: Tensor | None,
        precision: str,
        level: int | None = None,
    ) -> None:
        level = lib.core_level() if level is None else level
        config = network.config
        self._config, self._dimensions = config, network.num_inputs
        self._width = lib.core_width(level)
        self._kept: list[Any] = []  # what the description points to
        channels, layers = config.residual_channels, len(config.dilations)
        halves = [channels] * 2
        inner = config.encoder_channels
        outputs = [network.num_inputs] * (1 if temperature is None else NUM_RAW)
        # The reference's outputs go dimension by dimension, here parameter by parameter.
        order = np.arange(network.output.out_features).reshape(-1, len(outputs)).T.ravel()
        gates = [_array(gate.weight) for gate in network.gates]
        encoder = [_array(layer.weight) for layer in network.encoder.layers]
        biases = [_array(layer.bias) for layer in network.encoder.layers]
        given = ffi.new(
            "description *",
            {
                "dimensions": network.num_inputs,
                "controls": network.encoder.input.in_features,
                "channels": self._padded(channels),
                "skip": self._padded(config.skip_channels),
                "kernel": config.initial_kernel,
                "layers": layers,
                "dilations": self._keep(ffi.new("int[]", list(config.dilations))),
                "encoder_channels": self._padded(inner),
                "encoder_kernel": config.encoder_kernel,
                "encoder_layers": len(config.encoder_dilations),
                "encoder_dilations": self._keep(ffi.new("int[]", list(config.encoder_dilations))),
                "before": before,
                "threshold": 0.0,  # of the logit: a probability of a half
                "temperature": ffi.NULL,
                "encoder_input": self._linear(network.encoder.input, [inner]),
                "encoder": self._matrices(
                    self._matrix(tap, [inner], bias if k == 0 else None)
                    for weight, bias in zip(encoder, biases, strict=True)
                    for k, tap in enumerate(np.split(weight, config.encoder_kernel, axis=1))
                ),
                "projection": self._linear(
                    network.controls, halves * layers + [config.skip_channels]
                ),
                "initial": self._linear(network.initial, [channels]),
                "past": self._matrices(self._matrix(w[:, :channels], halves) for w in gates),
                "now": self._matrices(self._matrix(w[:, channels:], halves) for w in gates),
                "residuals": self._matrices(self._linear(r, [channels]) for r in network.residuals),
                "skips": self._skips(network),
                "output": self._matrix(
                    _array(network.output.weight)[order],
                    outputs,
                    _array(network.output.bias)[order],
                ),
            },
        )
        if temperature is not None:
            tau = np.zeros(self._padded(network.num_inputs), dtype=np.float32)
            tau[: network.num_inputs] = temperature.numpy()
            given.temperature = self._pointer(tau)
        found = lib.core_pack(given, level, getattr(lib, precision.upper()))
        if found == ffi.NULL:
            raise MemoryError("no memory for the weights of a network")
        self.pointer = ffi.gc(found, lib.core_free)
        self._kept.clear()

    def _padded(self, count: int) -> int:
        return -(-count // self._width) * self._width

    def _keep(self, thing: Any) -> Any:
        self._kept.append(thing)
        return thing

    def _pointer(self, array: FloatArray) -> Any:
        return self._keep(ffi.from_buffer("float[]", array))

    def _matrix(
        self, weight: FloatArray, blocks: Sequence[int], bias: FloatArray | None = None
    ) -> Any:
        """A ``matrix``: each block of rows padded to whole vectors, columns to an even number."""
        rows = [self._padded(block) for block in blocks]
        columns = weight.shape[1] + weight.shape[1] % 2
        arranged = np.zeros((sum(rows), columns), dtype=np.float32)
        offset = np.zeros(sum(rows), dtype=np.float32)
        to = taken = 0
        for block, padded in zip(blocks, rows, strict=True):
            arranged[to : to + block, : weight.shape[1]] = weight[taken : taken + block]
            if bias is not None:
                offset[to : to + block] = bias[taken : taken + block]
            to, taken = to + padded, taken + block
        return {
            "rows": len(arranged),
            "columns": columns,
            "weights": self._pointer(arranged),
            "bias": ffi.NULL if bias is None else self._pointer(offset),
        }

    def _linear(self, layer: Any, blocks: Sequence[int]) -> Any:
        return self._matrix(_array(layer.weight), blocks, _array(layer.bias))

    def _matrices(self, matrices: Iterable[Any]) -> Any:
        return self._keep(ffi.new("matrix[]", list(matrices)))

    def _skips(self, network: GatedNetwork) -> Any:
        even = network.config.residual_channels % 2
        weights = [np.pad(_array(s.weight), [(0, 0), (0, even)]) for s in network.skips]
        return self._matrix(np.concatenate(weights, axis=1), [network.config.skip_channels])

    def run(
        self,
        jobs: Sequence[Job],
        threads: int,
        tell: Callable[[float], None] | None = None,
        slots: int = SLOTS,
    ) -> list[Tensor]:
        """Frames of every phrase, (T_i, D); the longest phrases are begun first.

        Raises
        ------
        MemoryError
            If a phrase does not fit.
        """
        outs = [torch.empty(len(job.controls), self._dimensions) for job in jobs]
        kept: list[Any] = []

        def floats(values: Tensor) -> Any:
            kept.append(np.ascontiguousarray(values.numpy(), dtype=np.float32))
            return ffi.from_buffer("float[]", kept[-1])

        order = sorted(range(len(jobs)), key=lambda i: -len(jobs[i].controls))
        phrases = ffi.new("phrase[]", len(jobs))
        for place, i in enumerate(order):
            job, p = jobs[i], phrases[place]
            p.controls = floats(job.controls)
            p.frames = len(job.controls)
            if job.uniform is not None and job.normal is not None:
                p.uniform, p.normal = floats(job.uniform), floats(job.normal)
            p.out = ffi.from_buffer("float[]", outs[i].numpy())
        shared = ffi.new("progress *", {"threads": threads})
        total = sum(len(job.controls) + self._config.control_history for job in jobs)
        slots = max(1, min(slots, -(-len(jobs) // threads)))

        def work() -> int:
            found: int = lib.core_run(self.pointer, phrases, len(jobs), slots, shared)
            return found

        with ThreadPoolExecutor(threads) as pool:
            running = [pool.submit(work) for _ in range(threads)]
            try:
                while wait(running, timeout=TELL_S).not_done:
                    if tell:
                        tell(shared.frames / total)
            finally:
                shared.cancelled = 1
        if any(future.result() != 0 for future in running):
            raise MemoryError("no memory for the phrases of a song")
        return outs


def generate(
    network: GatedNetwork,
    jobs: Sequence[Job],
    before: float,
    temperature: Tensor | None,
    *,
    precision: str,
    tell: Callable[[float], None] | None = None,
) -> list[Tensor]:
    """As :func:`singsynth.model.engine.generate`, with as many threads as PyTorch uses.

    Raises
    ------
    MemoryError
        If even one phrase alone does not fit.
    """
    packed = _packed(network, before, temperature, precision)
    try:
        return packed.run(jobs, torch.get_num_threads(), tell)
    except MemoryError:
        warnings.warn("memory is short: singing one phrase at a time, on one core", stacklevel=2)
        return packed.run(jobs, 1, tell, slots=1)


def _packed(
    network: GatedNetwork, before: float, temperature: Tensor | None, precision: str
) -> Packed:
    """The network packed, anew only if a weight or a setting has changed since the last time."""
    weights = tuple((p.data_ptr(), p._version) for p in network.parameters())
    tau = None if temperature is None else tuple(temperature.tolist())
    key = (before, tau, precision, weights)
    kept = _kept.get(network)
    if kept is None or kept[0] != key:
        kept = _kept[network] = (key, Packed(network, before, temperature, precision))
    return kept[1]


_kept: WeakKeyDictionary[GatedNetwork, tuple[Any, Packed]] = WeakKeyDictionary()


def _array(weight: Any) -> FloatArray:
    return np.asarray(weight.detach().numpy(), dtype=np.float32)
