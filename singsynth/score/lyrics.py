"""The words under a note: which verse, and what of it is text.

MusicXML numbers verses from 1; programs that name them otherwise are read by their order. A note
may carry two syllables (elision, *bianco‿e*): their texts are joined by an undertie, and both are
sung on the note. A lyric that is only a line or a hyphen is a drawn melisma, not a word; nor is one
without a letter, such as the figures of a bass.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

UNDERTIE = "\N{UNDERTIE}"
"""Stands between two syllables sung on one note."""

REFRAIN_NOTES = 4
"""A later verse that is silent for so many syllables of the first is in a refrain."""

_MELISMA_LINES = frozenset({"-", "--", "_", "__", "–", "—", "~", "〜", "～", "+"})
_VERSE_NUMBER = re.compile(r"^\d{1,2}\s*[.．)）]\s*")  # "1. A-" at the head of a verse
_SYLLABIC = frozenset({"single", "begin", "middle", "end"})


@dataclass(frozen=True)
class Word:
    """One syllable as printed, and its place in the word (MusicXML's ``syllabic``)."""

    text: str
    syllabic: str = "single"


def words_of(note: Any) -> dict[int, Word]:
    """The words of a music21 note by verse number; empty ones left out."""
    words: dict[int, Word] = {}
    for lyric in note.lyrics:
        word = _word(lyric)
        if word.text:
            words.setdefault(int(lyric.number), word)
    return words


def _word(lyric: Any) -> Word:
    pieces = [
        Word(text, piece.syllabic if piece.syllabic in _SYLLABIC else "single")
        for piece in lyric.components or [lyric]
        if (text := _clean(piece.text))
    ]
    if not pieces:
        return Word("")
    begins = pieces[0].syllabic in {"single", "begin"}
    ends = pieces[-1].syllabic in {"single", "end"}
    syllabic = {
        (True, True): "single",
        (True, False): "begin",
        (False, False): "middle",
        (False, True): "end",
    }[begins, ends]
    return Word(UNDERTIE.join(piece.text for piece in pieces), syllabic)


def _clean(text: str | None) -> str:
    text = unicodedata.normalize("NFC", text or "")
    text = " ".join(text.split())  # also no-break spaces and line ends
    text = _VERSE_NUMBER.sub("", text)
    if text in _MELISMA_LINES or not any(c.isalpha() for c in text):
        return ""  # a line, or the figures of a bass
    return text


def verse_index(verse: int, turn: int) -> int:
    """Which of a line's verses is sung in pass ``turn``, counted from 0, if the first is ``verse``.

    Verses follow each other from pass to pass.
    """
    return verse - 1 + turn - 1


def choose_words(
    notes: Sequence[tuple[int, int, Mapping[int, Word]]], verses: Sequence[int], verse: int = 1
) -> list[Word | None]:
    """The word sung on each note of a line: in pass *n* that of verse *n* where it exists.

    ``notes`` are (index of the written bar, pass, words by verse) in the order sung; ``verses`` are
    the numbers of the line's verses; ``verse`` is the one to begin with, counted from 1.

    Where a later verse is silent while the first has words, it may be a refrain, printed once for
    all, or a melisma of that verse. It is taken for a refrain if it lasts for
    :data:`REFRAIN_NOTES` syllables or fills a bar.
    """
    first = verses[0] if verses else 1
    chosen: list[Word | None] = []
    silent: list[int] = []  # notes on which the verse sung has no word but the first has

    def settle() -> None:
        """Sing the first verse on the silent notes, if they are a refrain."""
        if len(silent) >= REFRAIN_NOTES or any(_fills_bar(notes, i, silent) for i in silent):
            for i in silent:
                chosen[i] = notes[i][2][first]
        silent.clear()

    for i, (_, turn, words) in enumerate(notes):
        index = verse_index(verse, turn)
        chosen.append(words.get(verses[index] if index < len(verses) else first))
        if chosen[i] is not None:
            settle()
        elif first in words:
            silent.append(i)
    settle()
    return chosen


def _fills_bar(
    notes: Sequence[tuple[int, int, Mapping[int, Word]]], i: int, silent: Sequence[int]
) -> bool:
    """Whether all notes with words that are sung with note ``i`` in its bar are silent."""
    bar, turn, _ = notes[i]
    low = high = i
    while low > 0 and notes[low - 1][:2] == (bar, turn):
        low -= 1
    while high + 1 < len(notes) and notes[high + 1][:2] == (bar, turn):
        high += 1
    return all(j in silent for j in range(low, high + 1) if notes[j][2])
