"""What every engine is given of a phrase."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class Job(NamedTuple):
    """One phrase of one stream, on the CPU.

    ``controls`` is (T, C); ``uniform`` and ``normal`` are (T, D), noise drawn beforehand so that
    every engine draws the same sample, or None for a stream that is not sampled. Beyond its ends a
    phrase's controls are held.
    """

    controls: Tensor
    uniform: Tensor | None = None
    normal: Tensor | None = None
