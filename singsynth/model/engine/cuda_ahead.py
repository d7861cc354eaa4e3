"""Compile the CUDA kernel ahead of time, where no card is, and tell what it takes of one."""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

import torch
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from singsynth.model.engine.cuda import MAX_REGISTERS, NUM_WARPS, generate_kernel, pack
from singsynth.model.network import GatedNetwork

TOOLS = Path(triton.__file__).parent / "backends" / "nvidia" / "bin"
INTEGERS = ("steps", "history")
POINTER = {torch.float16: "*fp16", torch.float32: "*fp32", torch.int32: "*i32"}


class Resources(NamedTuple):
    """What a program takes: registers a thread, shared memory, bytes that a thread spills."""

    registers: int
    shared_bytes: int
    spilled_bytes: int


def compile_ahead(
    network: GatedNetwork, mixture: bool, capability: int, dtype: torch.dtype = torch.float16
) -> Resources:
    """Compile the kernel for a network, for cards of a compute capability (80: A100, 90: H100).

    Raises
    ------
    RuntimeError
        If the compiler's report cannot be read.
    """
    packed = pack(network, mixture, dtype)
    names = generate_kernel.arg_names
    signature = dict.fromkeys(names, "*fp32")
    signature |= {name: POINTER[tensor.dtype] for name, tensor in packed.tensors.items()}
    signature |= dict.fromkeys(INTEGERS, "i32") | {"threshold": "fp32"}
    signature |= dict.fromkeys(packed.constants, "constexpr")
    aligned = {
        (place,): [["tt.divisibility", 16]]
        for place, name in enumerate(names)
        if signature[name].startswith("*")
    }
    source = ASTSource(
        fn=generate_kernel,
        signature=signature,
        constexprs={(names.index(name),): value for name, value in packed.constants.items()},
        attrs=aligned,
    )
    made = triton.compile(
        source,
        target=GPUTarget("cuda", capability, 32),
        options={"num_warps": NUM_WARPS, "maxnreg": MAX_REGISTERS},
    )
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(made.asm["cubin"])
        file.flush()
        report = subprocess.run(
            [TOOLS / "cuobjdump", "--dump-resource-usage", file.name],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    found = re.search(r"REG:(\d+) STACK:(\d+) .*LOCAL:(\d+)", report)
    if found is None:
        raise RuntimeError(f"cuobjdump said nothing of registers: {report[:200]}")
    registers, stack, local = map(int, found.groups())
    return Resources(registers, int(made.metadata.shared), stack + local)
