"""The one part of the installation that setup.cfg cannot say: the compiled engine."""

from setuptools import setup

setup(cffi_modules=["singsynth/model/engine/core/build.py:ffi"])
