"""The CUDA engine: one persistent Triton kernel, one program a phrase, the whole recursion inside.

A program generates a phrase from its first frame to its last without returning to the host. What it
carries from frame to frame stands in a scratch area of its own, small enough to stay in the card's
nearest cache:

=========  ========================================================================================
``past``   (kernel + steps, D): the frames so far; a window of it feeds the initial convolution
``rings``  of layer ``l``, (d_l + 1, R): its last inputs; this frame's is written beside the oldest
``gated``  (L, R): this frame's gates
``sum``    (S): skips, then their tanh
``raw``    (4, D): this frame's outputs
=========  ========================================================================================

Weights are read in half precision from a packed copy (float32 on request), sums are float32.
Matrices lie inputs by outputs, so that neighbouring threads read neighbouring outputs, and their
rows are padded to whole 16 bytes. ``docs/cuda.md`` derives the speed to expect.

``TRITON_INTERPRET=1``, set before this module is imported, runs the kernel on the CPU.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
import triton
import triton.language as tl
from torch import Tensor

from singsynth.model.engine.reference import Head, MixtureHead, VoicingHead
from singsynth.model.network import GatedNetwork

LARGEST_OUT = 256
TILE = 8192
"""Weights that are read at once: 16 KiB of half precision, with two more tiles on their way."""

VECTOR = 8
NUM_WARPS = 8
NUM_STAGES = tl.constexpr(3)
MAX_REGISTERS = 255
"""Without this the compiler keeps room for a second program on a processor, and spills."""


@triton.jit
def _logistic(x):  # type: ignore[no-untyped-def]
    return 1.0 / (1.0 + tl.exp(-x))


@triton.jit
def _tanh(x):  # type: ignore[no-untyped-def]
    return 2.0 / (1.0 + tl.exp(-2.0 * x)) - 1.0


@triton.jit
def _product(  # type: ignore[no-untyped-def]
    weights,
    x,
    first,
    outputs,
    WIDTH: tl.constexpr,
    COLUMNS: tl.constexpr,
    BLOCK_IN: tl.constexpr,
    BLOCK_OUT: tl.constexpr,
):
    """A block of the outputs of ``x`` (COLUMNS) @ ``weights`` (COLUMNS, WIDTH).

    The block begins at ``first``; of its lanes those below ``outputs`` are read.
    """
    lanes = tl.arange(0, BLOCK_OUT)
    total = tl.zeros((BLOCK_OUT,), dtype=tl.float32)
    for begin in tl.range(0, COLUMNS, BLOCK_IN, num_stages=NUM_STAGES):
        ins = begin + tl.arange(0, BLOCK_IN)
        tile = tl.load(
            weights + ins[:, None] * WIDTH + first + lanes[None, :],
            mask=(ins < COLUMNS)[:, None] & (lanes < outputs)[None, :],
            other=0.0,
        )
        given = tl.load(x + ins, mask=ins < COLUMNS, other=0.0)
        total += tl.sum(tile.to(tl.float32) * given[:, None], axis=0)
    return total


@triton.jit
def generate_kernel(  # type: ignore[no-untyped-def]
    projected,  # (batch, steps, projections): the controls, multiplied out
    uniform,  # (batch, frames, D)
    normal,
    temperature,  # (D padded)
    past,  # (batch, kernel + steps, D)
    scratch,  # (batch, SCRATCH)
    table,  # (L, 3): dilation, place of its ring in the scratch, frames in the ring
    w_initial,  # (kernel * D, R padded)
    b_initial,
    w_gates,  # (L, past and now, R, 2 R padded)
    w_residuals,  # (L - 1, R, R padded)
    b_residuals,
    w_skips,  # (L * R, S padded)
    w_output,  # (S, outputs padded)
    b_output,
    steps,
    history,
    threshold,
    D: tl.constexpr,
    KERNEL: tl.constexpr,
    R: tl.constexpr,
    R_PAD: tl.constexpr,
    S: tl.constexpr,
    S_PAD: tl.constexpr,
    D_PAD: tl.constexpr,
    OUT_PAD: tl.constexpr,
    LAYERS: tl.constexpr,
    MIXTURE: tl.constexpr,
    GATED: tl.constexpr,  # places in the scratch
    SUM: tl.constexpr,
    RAW: tl.constexpr,
    SCRATCH: tl.constexpr,
    BLOCK_IN: tl.constexpr,
    BLOCK_OUT: tl.constexpr,
):
    """Generate one phrase; see the module."""
    phrase = tl.program_id(0).to(tl.int64)
    frames = steps - history
    projections: tl.constexpr = LAYERS * 2 * R + S
    projected += phrase * steps * projections
    uniform += phrase * frames * D
    normal += phrase * frames * D
    past += phrase * (KERNEL + steps) * D
    scratch += phrase * SCRATCH
    lanes = tl.arange(0, BLOCK_OUT)

    for step in range(0, steps):
        now = projected + step * projections
        ring = scratch + tl.load(table + 1)
        here = ring + (step % tl.load(table + 2)) * R
        for first in range(0, R, BLOCK_OUT):
            inside = first + lanes < R
            value = tl.load(b_initial + first + lanes, mask=inside, other=0.0)
            value += _product(
                w_initial,
                past + step * D,
                first,
                R_PAD - first,
                R_PAD,
                KERNEL * D,
                BLOCK_IN,
                BLOCK_OUT,
            )
            tl.store(here + first + lanes, value, mask=inside)
        tl.debug_barrier()
        for layer in range(0, LAYERS):
            entry = table + layer * 3
            dilation = tl.load(entry)
            size = tl.load(entry + 2)
            ring = scratch + tl.load(entry + 1)
            here = ring + (step % size) * R
            before = ring + ((step + size - dilation) % size) * R
            older = w_gates + layer * 4 * R * R_PAD
            newer = older + 2 * R * R_PAD
            gates = now + layer * 2 * R
            gated = scratch + GATED + layer * R
            for first in range(0, R, BLOCK_OUT):
                inside = first + lanes < R
                left = R_PAD - first
                a = tl.load(gates + first + lanes, mask=inside, other=0.0)
                b = tl.load(gates + R + first + lanes, mask=inside, other=0.0)
                a += _product(older, before, first, left, 2 * R_PAD, R, BLOCK_IN, BLOCK_OUT)
                a += _product(newer, here, first, left, 2 * R_PAD, R, BLOCK_IN, BLOCK_OUT)
                second = R_PAD + first
                b += _product(older, before, second, left, 2 * R_PAD, R, BLOCK_IN, BLOCK_OUT)
                b += _product(newer, here, second, left, 2 * R_PAD, R, BLOCK_IN, BLOCK_OUT)
                tl.store(gated + first + lanes, _tanh(a) * _logistic(b), mask=inside)
            tl.debug_barrier()
            if layer + 1 < LAYERS:
                following = scratch + tl.load(entry + 4)
                there = following + (step % tl.load(entry + 5)) * R
                weights = w_residuals + layer * R * R_PAD
                for first in range(0, R, BLOCK_OUT):
                    inside = first + lanes < R
                    value = tl.load(b_residuals + layer * R + first + lanes, mask=inside, other=0.0)
                    value += tl.load(here + first + lanes, mask=inside, other=0.0)
                    value += _product(
                        weights, gated, first, R_PAD - first, R_PAD, R, BLOCK_IN, BLOCK_OUT
                    )
                    tl.store(there + first + lanes, value, mask=inside)
                tl.debug_barrier()
        if step >= history:
            skips = now + LAYERS * 2 * R
            for first in range(0, S, BLOCK_OUT):
                inside = first + lanes < S
                total = tl.load(skips + first + lanes, mask=inside, other=0.0)
                total += _product(
                    w_skips,
                    scratch + GATED,
                    first,
                    S_PAD - first,
                    S_PAD,
                    LAYERS * R,
                    BLOCK_IN,
                    BLOCK_OUT,
                )
                tl.store(scratch + SUM + first + lanes, _tanh(total), mask=inside)
            tl.debug_barrier()
            for first in range(0, OUT_PAD, BLOCK_OUT):
                inside = first + lanes < OUT_PAD
                value = tl.load(b_output + first + lanes, mask=inside, other=0.0)
                value += _product(
                    w_output,
                    scratch + SUM,
                    first,
                    OUT_PAD - first,
                    OUT_PAD,
                    S,
                    BLOCK_IN,
                    BLOCK_OUT,
                )
                tl.store(scratch + RAW + first + lanes, value, mask=inside)
            tl.debug_barrier()
            each = tl.arange(0, D_PAD)
            real = each < D
            raw = scratch + RAW + each
            if MIXTURE:
                at = (step - history) * D + each
                u = tl.load(uniform + at, mask=real, other=0.0)
                z = tl.load(normal + at, mask=real, other=0.0)
                tau = tl.load(temperature + each)
                centre = 2.0 * _logistic(tl.load(raw)) - 1.0
                scale = (2.0 / 255.0) * tl.exp(4.0 * _logistic(tl.load(raw + D_PAD)))
                skew = 2.0 * _logistic(tl.load(raw + 2 * D_PAD)) - 1.0
                shape = 2.0 * _logistic(tl.load(raw + 3 * D_PAD))
                strength = tl.abs(skew)
                growth = tl.exp(1.1 * strength - 1.0)
                ratio = (strength + 1e-12) * (strength + 1e-12) * shape / 1.75
                ratio = tl.maximum(ratio, 9.357623e-14)  # e^-30
                mean_0, scale_0 = centre, scale
                mean_1, scale_1 = mean_0 + 1.6 * skew * scale_0, scale_0 * growth
                mean_2, scale_2 = mean_1 + 1.6 * skew * scale_1, scale_1 * growth
                mean_3, scale_3 = mean_2 + 1.6 * skew * scale_2, scale_2 * growth
                square = ratio * ratio
                cube = square * ratio
                whole = 1.0 + ratio + square + cube
                common = (mean_0 + ratio * mean_1 + square * mean_2 + cube * mean_3) / whole
                u = u * whole
                mean = tl.where(u >= 1.0, mean_1, mean_0)
                width = tl.where(u >= 1.0, scale_1, scale_0)
                mean = tl.where(u >= 1.0 + ratio, mean_2, mean)
                width = tl.where(u >= 1.0 + ratio, scale_2, width)
                mean = tl.where(u >= 1.0 + ratio + square, mean_3, mean)
                width = tl.where(u >= 1.0 + ratio + square, scale_3, width)
                value = tau * mean + (1.0 - tau) * common + width * tl.sqrt(tau) * z
                value = tl.minimum(tl.maximum(value, -1.0), 1.0)
            else:
                value = tl.where(tl.load(raw) >= threshold, 1.0, -1.0)
            tl.store(past + (KERNEL + step) * D + each, value, mask=real)
            tl.debug_barrier()


class Packed(NamedTuple):
    """A network's weights as the kernel wants them, and the constants that go with them."""

    tensors: dict[str, Tensor]
    constants: dict[str, Any]


def pack(network: GatedNetwork, mixture: bool, dtype: torch.dtype = torch.float16) -> Packed:
    """Arrange and round the weights of a network; they stay on its device."""
    config, d = network.config, network.num_inputs
    r, s, layers = config.residual_channels, config.skip_channels, len(config.dilations)
    parameters = 4 if mixture else 1
    d_pad = max(16, triton.next_power_of_2(d))
    device = network.output.weight.device

    def put(weight: Tensor) -> Tensor:
        """(outputs, inputs) -> (inputs, outputs padded)."""
        padded = torch.zeros(weight.shape[1], _whole(len(weight)), dtype=dtype, device=device)
        padded[:, : len(weight)] = weight.detach().T
        return padded

    def by_parameter(weight: Tensor) -> Tensor:
        """Outputs go dimension by dimension; here parameter by parameter, each padded."""
        padded = torch.zeros(parameters, d_pad, *weight.shape[1:], device=device)
        padded[:, :d] = weight.detach().view(d, parameters, *weight.shape[1:]).transpose(0, 1)
        return padded.flatten(0, 1)

    gates: list[Any] = list(network.gates)
    residuals: list[Any] = list(network.residuals)
    skips: list[Any] = list(network.skips)
    rings, places = 0, []
    for dilation in config.dilations:
        places.append((dilation, rings, dilation + 1))
        rings += (dilation + 1) * r
    tensors = {
        "table": torch.tensor(places, dtype=torch.int32, device=device),
        "w_initial": put(network.initial.weight),
        "b_initial": network.initial.bias.detach().float(),
        "w_gates": torch.stack(
            [
                torch.cat([put(half) for half in taps.chunk(2)], dim=1)
                for gate in gates
                for taps in (gate.weight[:, :r], gate.weight[:, r:])
            ]
        ),
        "w_residuals": torch.cat([put(x.weight) for x in residuals] or [put(gates[0].weight)]),
        "b_residuals": torch.cat([x.bias.detach().float() for x in residuals] or [torch.zeros(1)]),
        "w_skips": torch.cat([put(x.weight) for x in skips]),
        "w_output": put(by_parameter(network.output.weight)),
        "b_output": by_parameter(network.output.bias),
    }
    block_out = min(LARGEST_OUT, max(16, triton.next_power_of_2(max(r, s))))
    constants = {
        "D": d,
        "KERNEL": config.initial_kernel,
        "R": r,
        "R_PAD": _whole(r),
        "S": s,
        "S_PAD": _whole(s),
        "D_PAD": d_pad,
        "OUT_PAD": parameters * d_pad,
        "LAYERS": layers,
        "MIXTURE": mixture,
        "GATED": rings,
        "SUM": rings + layers * r,
        "RAW": rings + layers * r + s,
        "SCRATCH": rings + layers * r + s + parameters * d_pad,
        "BLOCK_IN": min(TILE // block_out, 64),
        "BLOCK_OUT": block_out,
    }
    return Packed(tensors, constants)


def _whole(size: int) -> int:
    """Rows of weights begin where 16 bytes can be read at once."""
    return -(-size // VECTOR) * VECTOR


@torch.inference_mode()
def generate(
    network: GatedNetwork,
    projected: Tensor,
    initial: Tensor,
    head: Head,
    dtype: torch.dtype = torch.float16,
) -> Tensor:
    """As :func:`singsynth.model.engine.reference.generate`, with weights of ``dtype``.

    Raises
    ------
    TypeError
        If ``head`` is neither a mixture nor a voicing head.
    """
    if not isinstance(head, MixtureHead | VoicingHead):
        raise TypeError(f"the kernel knows no {type(head).__name__}")
    mixture = isinstance(head, MixtureHead)
    packed = pack(network, mixture, dtype)
    config, size = network.config, packed.constants
    batch, steps = projected.shape[:2]
    device = projected.device
    frames = torch.zeros(batch, config.initial_kernel + steps, size["D"], device=device)
    frames[:, : config.initial_kernel + config.control_history] = initial[:, None]
    scratch = torch.zeros(batch, size["SCRATCH"], device=device)
    nothing = torch.zeros(1, device=device)
    uniform, normal, tau, threshold = nothing, nothing, nothing, 0.0
    if isinstance(head, MixtureHead):
        uniform, normal = head.uniform.contiguous(), head.normal.contiguous()
        tau = torch.zeros(size["D_PAD"], device=device)
        tau[: size["D"]] = head.temperature
    else:
        threshold = float(torch.logit(torch.tensor(head.threshold)))
    generate_kernel[(batch,)](
        projected.contiguous(),
        uniform,
        normal,
        tau,
        frames,
        scratch,
        *packed.tensors.values(),
        steps,
        config.control_history,
        threshold,
        **size,
        num_warps=NUM_WARPS,
        maxnreg=MAX_REGISTERS,
    )
    return frames[:, config.initial_kernel + config.control_history :]
