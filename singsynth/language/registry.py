"""The languages there are, and what a module must have to be one.

To add a language, write a module with the names of :class:`Language` and enter it in
:data:`LANGUAGES`. It is imported when it is first needed. A language whose words can be told from
others has the names of :class:`Recognised` too, and stands in :data:`RECOGNISED`.
"""

from __future__ import annotations

import functools
import importlib
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Protocol, cast

from singsynth.errors import LyricError
from singsynth.language.spelling import lines
from singsynth.song import Part, Syllable

LANGUAGES: dict[str, str] = {
    "ja": "singsynth.language.japanese",
    "es": "singsynth.language.spanish",
    "es-419": "singsynth.language.spanish_american",
    "it": "singsynth.language.italian",
    "la": "singsynth.language.latin",
    "en": "singsynth.language.english",
    "de": "singsynth.language.german",
}
"""Language tag and module of every language."""

RECOGNISED = ("ja",)
"""The languages that script or spelling can tell."""

LEAST_COMMON = 0.05
"""Share of a song's words that must be among the common words of a language for it to be told."""

MOSTLY_COMMON = 0.4
"""From this share on it is told even if the letters could be Japanese: *Ky-ri-e*."""

FALLBACK = "la"
"""Read as this, and told, where nothing tells: every letter sounds, as it stands."""


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


def detect_language(part: Part, together: Sequence[Part] = ()) -> str:
    """The language of a part: what its score says, else what its script, words or spelling tell.

    Parameters
    ----------
    together
        The parts of the song: where the score names no language they are taken to share one.

    Returns
    -------
    str
        Its tag; empty if it cannot be told.

    Raises
    ------
    LyricError
        If the score names a language that is none of those there are.
    """
    lyrics = [note.lyric for note in part.notes if note.lyric]
    if registered_tag(part.language):
        return part.language
    recognised = {tag: cast(Recognised, load_language(tag)) for tag in RECOGNISED}
    for tag, language in recognised.items():
        if language.is_script_of(lyrics):
            return tag
    if part.language:
        known = ", ".join(f"{tag} ({load_language(tag).NAME})" for tag in LANGUAGES)
        raise LyricError(
            f'{part.name}: its words are in "{part.language}", which cannot be pronounced yet; '
            f"name one of these with --language: {known}; or write phones in brackets such as [k a]"
        )
    told, share = language_by_words([part, *together], shortest=4)
    if share >= MOSTLY_COMMON:
        return told
    for tag, language in recognised.items():
        if language.is_spelled(lyrics):
            return tag
    told, share = language_by_words([part, *together])
    return told if share >= LEAST_COMMON else ""


def language_by_words(parts: Sequence[Part], shortest: int = 1) -> tuple[str, float]:
    """The language whose common words (``data/common-words.tsv``) parts have most of.

    Words of fewer than ``shortest`` letters count as uncommon.

    Returns
    -------
    Its tag, and the share of the words that are among them.
    """
    words = Counter(word for part in parts for word in _whole_words(part))
    shares = {
        tag: sum(n for word, n in words.items() if word in common and len(word) >= shortest)
        / max(1, words.total())
        for tag, common in _common_words().items()
    }
    best = max(shares, key=lambda tag: shares[tag])
    return best, shares[best]


@functools.cache
def _common_words() -> dict[str, frozenset[str]]:
    listed = (line.split("\t") for line in lines("common-words.tsv"))
    return {tag: frozenset(words.split()) for tag, words in listed}


def _whole_words(part: Part) -> Iterator[str]:
    """The words of a part in small letters, their syllables joined."""
    word = ""
    for note in part.notes:
        if note.lyric and note.syllabic in {"single", "begin"} and word:
            yield word
            word = ""
        word += "".join(c for c in note.lyric.lower() if c.isalpha())
    if word:
        yield word
