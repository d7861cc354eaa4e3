"""Builds the compiled engine when singsynth is installed: ``setup.py`` names :data:`ffi` to cffi.

The extension is optional: where no C compiler is found, or an unusual one refuses the source,
installation goes on and :mod:`singsynth.model.engine` says what is missing.
"""

from pathlib import Path

from cffi import FFI

HERE = Path(__file__).parent

ffi = FFI()
ffi.cdef((HERE / "core.h").read_text(encoding="utf-8"))
ffi.set_source(
    "singsynth.model.engine._core",
    '#include "core.h"',
    sources=["singsynth/model/engine/core/core.c"],
    include_dirs=["singsynth/model/engine/core"],
    depends=["singsynth/model/engine/core/core.h", "singsynth/model/engine/core/kernel.h"],
    # Sums round alike however many phrases are worked on at once: multiplications and additions are
    # joined where the source says so, not where a compiler finds it handy.
    extra_compile_args=["-O3", "-std=gnu11", "-ffp-contract=off"],
    libraries=["m"],
    optional=True,
)
