"""Every error that a user can cause or mend.

Each message is one line that says where (file, part, bar, beat), what is wrong, and how to mend it.
The command line prints it and exits with code 2; from Python catch :class:`SingsynthError`.
"""

from __future__ import annotations


class SingsynthError(Exception):
    """Base of all errors that singsynth raises on bad input."""


class ScoreError(SingsynthError):
    """A score cannot be read, or holds nothing that can be sung."""


class LyricError(SingsynthError):
    """A syllable cannot be pronounced in the language asked for."""


class LabelError(SingsynthError):
    """Phone labels are malformed, or disagree with the audio or the notes."""


class VoiceError(SingsynthError):
    """A voice is unknown, damaged, or cannot sing what it is asked to."""


class CorpusError(SingsynthError):
    """A corpus, or a file of it, is missing or not what its recipe expects."""


class OutputError(SingsynthError):
    """An output file exists already or cannot be written."""
