"""Networks: the mixture, the gated causal network, and the timing, pitch and timbre models.

Only torch, numpy and scipy; songs come as :mod:`singsynth.song` objects, features as arrays.
"""
