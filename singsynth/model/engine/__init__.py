"""Autoregressive generation behind one small interface.

``generate(network, projected, initial, head) -> frames``: given the multiplied-out controls of a
batch of phrases and noise drawn beforehand, generate every frame of one stream. All engines give
the same output for the same noise; the reference is plain PyTorch and runs on any device.
"""

from singsynth.model.engine.reference import Head, MixtureHead, VoicingHead, generate

__all__ = ["Head", "MixtureHead", "VoicingHead", "generate"]
