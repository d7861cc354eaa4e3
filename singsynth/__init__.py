"""singsynth sings scores: MusicXML with words in, a neural singing voice out.

::

    from singsynth import synthesize

    synthesize("song.musicxml").save("song.wav")

The ladder, each rung thin over the one below::

    synthesize("song.musicxml", voice="pjs")     -> Performance
    read_score(path) -> Song; pronounce(song) -> Song; perform(song, voice) -> Performance
    predict_timing, predict_pitch, predict_timbre, vocode

Names are imported when first used, so that ``import singsynth`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from singsynth.errors import SingsynthError
    from singsynth.language import pronounce
    from singsynth.performance import Performance, perform, synthesize
    from singsynth.score import read_score
    from singsynth.song import Note, Part, Phone, Song, Syllable
    from singsynth.stages import predict_pitch, predict_timbre, predict_timing, vocode
    from singsynth.voice import Voice, list_voices, load_voice

_HOMES = {
    "SingsynthError": "errors",
    "pronounce": "language",
    "Performance": "performance",
    "perform": "performance",
    "predict_pitch": "stages",
    "predict_timbre": "stages",
    "predict_timing": "stages",
    "synthesize": "performance",
    "vocode": "stages",
    "read_score": "score",
    "Note": "song",
    "Part": "song",
    "Phone": "song",
    "Song": "song",
    "Syllable": "song",
    "Voice": "voice",
    "list_voices": "voice",
    "load_voice": "voice",
}

__all__ = [
    "Note",
    "Part",
    "Performance",
    "Phone",
    "SingsynthError",
    "Song",
    "Syllable",
    "Voice",
    "list_voices",
    "load_voice",
    "perform",
    "predict_pitch",
    "predict_timbre",
    "predict_timing",
    "pronounce",
    "read_score",
    "synthesize",
    "vocode",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"singsynth.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'singsynth' has no attribute '{name}'")


def __dir__() -> list[str]:
    return __all__
