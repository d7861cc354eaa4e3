"""Words to phones.

    from singsynth.language import carried, pronounce

    song = pronounce(read_score("song.musicxml"))
    song = carried(song, voice.info.phones)

A language is a module with the few names of :class:`~singsynth.language.registry.Language`, listed
in :data:`LANGUAGES`. The inventory of phones is in :mod:`singsynth.language.phones`.
"""

from singsynth.language.carry import carried
from singsynth.language.lexicon import read_lexicon
from singsynth.language.pronunciation import pronounce
from singsynth.language.registry import LANGUAGES

__all__ = ["LANGUAGES", "carried", "pronounce", "read_lexicon"]
