"""The languages there are, and what a module must have to be one.

To add a language, write a module with the names of :class:`Language` and enter it in
:data:`LANGUAGES`. It is imported when it is first needed.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Protocol, cast

from singsynth.errors import LyricError
from singsynth.song import Part

LANGUAGES: dict[str, str] = {
    "ja": "singsynth.language.japanese",
}
"""Language tag and module of every language."""


class Language(Protocol):
    """What a language module has."""

    NAME: str
    """In English, for messages: ``Japanese``."""

    REMEDY: str
    """How a word of this language can be written so that it is understood."""

    @staticmethod
    def is_script_of(lyrics: Sequence[str]) -> bool:
        """Whether the script alone tells that lyrics are in this language."""

    @staticmethod
    def is_spelled(lyrics: Sequence[str]) -> bool:
        """Whether all lyrics can be read in this language, though the script does not tell."""

    @staticmethod
    def phones(word: Sequence[str]) -> list[tuple[str, ...] | None]:
        """The phones of each syllable of a word; none to hold the vowel before; None if unknown.

        The syllables come as they stand under the notes, so that a language can look at the
        whole word.
        """


def load_language(tag: str) -> Language:
    """The language module of a tag such as ``ja`` or ``ja-JP``.

    Raises
    ------
    LyricError
        If there is no such language.
    """
    primary = tag.strip().lower().replace("_", "-").partition("-")[0]
    if primary not in LANGUAGES:
        raise LyricError(f'no language "{tag}" yet; there are: {", ".join(LANGUAGES)}')
    return cast(Language, importlib.import_module(LANGUAGES[primary]))


def detect_language(part: Part) -> Language:
    """The language of a part: what its score says, else what its script or spelling tells.

    Raises
    ------
    LyricError
        If the language is none of those there are, or cannot be told.
    """
    lyrics = [note.lyric for note in part.notes if note.lyric]
    if part.language and part.language.partition("-")[0].lower() in LANGUAGES:
        return load_language(part.language)
    languages = [load_language(tag) for tag in LANGUAGES]
    for language in languages:
        if language.is_script_of(lyrics):
            return language
    if not part.language:
        for language in languages:
            if language.is_spelled(lyrics):
                return language
    known = ", ".join(f"{tag} ({load_language(tag).NAME})" for tag in LANGUAGES)
    if part.language:
        problem = f'its words are in "{part.language}", which cannot be pronounced yet'
    else:
        unread = (n for n in part.notes if not any(x.is_spelled([n.lyric]) for x in languages))
        odd = next(unread, part.notes[0])
        problem = (
            f'the language of its words is unknown ("{odd.lyric}" in bar {odd.bar}, '
            f"beat {odd.beat:g} is in none of those there are)"
        )
    raise LyricError(
        f"{part.name}: {problem}; name a language of: {known}, "
        "or write phones in brackets such as [k a]"
    )
