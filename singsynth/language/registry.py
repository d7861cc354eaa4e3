"""The languages there are, and what a module must have to be one.

To add a language, write a module with the names of :class:`Language` and enter it in
:data:`LANGUAGES`. It is imported when it is first needed. A language whose words can be told from
others has the names of :class:`Recognised` too, and stands in :data:`RECOGNISED`.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Protocol, cast

from singsynth.errors import LyricError
from singsynth.song import Part, Syllable

LANGUAGES: dict[str, str] = {
    "ja": "singsynth.language.japanese",
    "es": "singsynth.language.spanish",
    "es-419": "singsynth.language.spanish_american",
    "it": "singsynth.language.italian",
    "la": "singsynth.language.latin",
}
"""Language tag and module of every language."""

RECOGNISED = ("ja",)
"""The languages that script or spelling can tell; Latin letters tell no language from another."""


class Language(Protocol):
    """What a language module has."""

    NAME: str
    """In English, for messages: ``Japanese``."""

    REMEDY: str
    """How a word of this language can be written so that it is understood."""

    @staticmethod
    def syllables(word: Sequence[str]) -> list[Syllable | None]:
        """The syllables of a word; one without phones to hold the vowel before; None if unknown.

        They come as they stand under the notes, so that a language can look at the whole word. An
        undertie (``mia‿a``) stands between words that share a note.
        """


class Recognised(Language, Protocol):
    """What a language module has whose words can be told from others."""

    @staticmethod
    def is_script_of(lyrics: Sequence[str]) -> bool:
        """Whether the script alone tells that lyrics are in this language."""

    @staticmethod
    def is_spelled(lyrics: Sequence[str]) -> bool:
        """Whether all lyrics can be read in this language, though the script does not tell."""


def registered_tag(tag: str) -> str:
    """The tag in :data:`LANGUAGES` that serves ``tag``, whole or by its first part; else empty.

    >>> registered_tag("it-CH"), registered_tag("ES-419"), registered_tag("tlh")
    ('it', 'es-419', '')
    """
    whole = tag.strip().lower().replace("_", "-")
    primary = whole.partition("-")[0]
    return whole if whole in LANGUAGES else primary if primary in LANGUAGES else ""


def load_language(tag: str) -> Language:
    """The language module of a tag such as ``ja`` or ``ja-JP``.

    Raises
    ------
    LyricError
        If there is no such language.
    """
    known = registered_tag(tag)
    if not known:
        raise LyricError(f'no language "{tag}" yet; there are: {", ".join(LANGUAGES)}')
    return cast(Language, importlib.import_module(LANGUAGES[known]))


def language_name(tag: str) -> str:
    """The name of a language in English; empty if it is not among those there are."""
    return load_language(tag).NAME if registered_tag(tag) else ""


def detect_language(part: Part) -> str:
    """The language of a part: what its score says, else what its script or spelling tells.

    Returns
    -------
    str
        Its tag.

    Raises
    ------
    LyricError
        If the language is none of those there are, or cannot be told.
    """
    lyrics = [note.lyric for note in part.notes if note.lyric]
    if registered_tag(part.language):
        return part.language
    recognised = {tag: cast(Recognised, load_language(tag)) for tag in RECOGNISED}
    for tag, language in recognised.items():
        if language.is_script_of(lyrics):
            return tag
    if not part.language:
        for tag, language in recognised.items():
            if language.is_spelled(lyrics):
                return tag
    known = ", ".join(f"{tag} ({load_language(tag).NAME})" for tag in LANGUAGES)
    if part.language:
        problem = f'its words are in "{part.language}", which cannot be pronounced yet'
    else:
        unread = (
            n for n in part.notes if not any(x.is_spelled([n.lyric]) for x in recognised.values())
        )
        odd = next(unread, part.notes[0])
        problem = (
            f'the language of its words is unknown ("{odd.lyric}" in bar {odd.bar}, '
            f"beat {odd.beat:g} is not Japanese in Latin letters, and no other language can be "
            "told by its letters)"
        )
    raise LyricError(
        f"{part.name}: {problem}; name one of these with --language: {known}; "
        "or write phones in brackets such as [k a]"
    )
