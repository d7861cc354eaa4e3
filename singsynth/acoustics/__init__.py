"""Sound to features and back: audio files, WORLD analysis and synthesis, spectral coding.

The ladder, simple to particular::

    copy_synthesis(samples, rate)            the ceiling of everything the models can reach
    analyze(samples, spec) -> Features       WORLD analysis, coded
    synthesize(features, spec) -> samples    decoded, WORLD synthesis

Alone in this package, this room imports pyworld, pysptk and soundfile.
"""

from singsynth.acoustics.audio import encode_wav, read_audio, write_audio, write_pieces
from singsynth.acoustics.coding import SpectralCoder
from singsynth.acoustics.features import Features, FeatureSpec
from singsynth.acoustics.world import analyze, copy_synthesis, synthesize

__all__ = [
    "FeatureSpec",
    "Features",
    "SpectralCoder",
    "analyze",
    "copy_synthesis",
    "encode_wav",
    "read_audio",
    "synthesize",
    "write_audio",
    "write_pieces",
]
