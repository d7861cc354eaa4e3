"""Every note of a song gets its syllable.

What a lyric may be, in the order in which it is tried:

1. a whole lyric that the user's lexicon has;
2. phones in brackets, ``[k a]``, taken as they are;
3. a syllable of a word in the language.

The consonants that close a syllable are sung at its end. If notes without words continue its vowel,
they move to the last of these, whose syllable then has a coda only.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from singsynth.errors import LyricError
from singsynth.language.phones import SUNG_PHONES, is_syllabic, is_vowel, split_syllable
from singsynth.language.registry import Language, detect_language, load_language
from singsynth.song import Note, Part, Song, Syllable

LISTED = 5
"""Unknown syllables named in one message; the others are counted."""

Phones = tuple[str, ...]


def pronounce(
    song: Song,
    language: str | None = None,
    lexicon: Mapping[str, Sequence[str]] | None = None,
) -> Song:
    """Fill :attr:`Note.syllable` of every note that begins a syllable.

    Parameters
    ----------
    song
        A song whose notes have lyrics.
    language
        Language tag, such as ``ja``. Without it each part is pronounced in the language that its
        score names, or else that its script or spelling tells.
    lexicon
        Pronunciations that go before all others: a whole lyric, as it stands under its note, and
        its phones.

    Returns
    -------
    Song
        The same song with syllables. Notes that continue a vowel keep None, but for the last of
        them if a coda is sung on it.

    Raises
    ------
    LyricError
        If syllables or phones are unknown, or the language is. One line that names each, its part,
        bar and beat, and how to mend it.
    """
    known = {lyric: tuple(phones) for lyric, phones in (lexicon or {}).items()}
    parts: list[Part] = []
    unknown: list[str] = []
    remedy = ""
    for part in song.parts:
        spoken = [
            replace(note, lyric=_stripped(note.lyric))
            for note in part.notes
            if _given(note, known) is None
        ]
        tongue: Language | None = None
        if language:
            tongue = load_language(language)
        elif spoken:
            tongue = detect_language(replace(part, notes=tuple(spoken)))
        phones = _phones(part, tongue, known)
        bad = [n for n, p in zip(part.notes, phones, strict=True) if p is None]
        unknown += [f'"{note.lyric}" ({_where(part, note)})' for note in bad]
        if tongue and bad:
            remedy = f"in {tongue.NAME}; {tongue.REMEDY}"
        syllables = _held(part, phones)
        parts.append(replace(part, notes=tuple(_with_codas_last(part.notes, syllables))))
    if unknown:
        listed = ", ".join(unknown[:LISTED])
        more = f" and {len(unknown) - LISTED} more" if len(unknown) > LISTED else ""
        raise LyricError(
            f"cannot pronounce {listed}{more} {remedy}, write its phones in brackets such as "
            "[k a], or add it to a lexicon"
        )
    return replace(song, parts=tuple(parts))


def _phones(
    part: Part, language: Language | None, lexicon: Mapping[str, Phones]
) -> list[Phones | None]:
    """Phones of each note: none if it holds the vowel before, None if its lyric is unknown."""
    phones: list[Phones | None] = []
    has_vowel = False
    for word in _words(part.notes):
        spelled = [_stripped(note.lyric) for note in word]
        read = language.phones(spelled) if language else [None] * len(word)
        for note, in_language in zip(word, read, strict=True):
            given = _given(note, lexicon)
            if given is not None:
                _check_phones(given, part, note)
            symbols = in_language if given is None else given
            has_vowel = has_vowel or bool(_held_phone(symbols or ()))
            nothing_to_hold = symbols == () and note.lyric and not has_vowel
            phones.append(None if nothing_to_hold else symbols)
    return phones


def _given(note: Note, lexicon: Mapping[str, Phones]) -> Phones | None:
    """The phones that the user has given for a lyric, in the lexicon or in brackets."""
    if not note.lyric:
        return ()
    for lyric in (note.lyric, _stripped(note.lyric)):
        if lyric in lexicon:
            return lexicon[lyric]
    brackets = re.fullmatch(r"\[([^\[\]]*)\]", note.lyric.strip().strip("-_"))
    return tuple(brackets[1].split()) or None if brackets else None


def _words(notes: Sequence[Note]) -> Iterator[list[Note]]:
    """Group notes into words by ``syllabic``; a melisma belongs to its syllable's word."""
    word: list[Note] = []
    for note in notes:
        if word and note.lyric and note.syllabic in {"single", "begin"}:
            yield word
            word = []
        word.append(note)
    if word:
        yield word


def _stripped(lyric: str) -> str:
    """A lyric without punctuation, hyphens, underscores and spaces.

    Apostrophes stay, since they divide syllables, and brackets, since they are a mistake here.
    """
    text = unicodedata.normalize("NFKC", lyric).replace("’", "'")
    return "".join(c for c in text if c in "'[]" or unicodedata.category(c)[0] not in "PZSC")


def _check_phones(phones: Phones, part: Part, note: Note) -> None:
    for phone in phones:
        if phone not in SUNG_PHONES:
            close = difflib.get_close_matches(phone, SUNG_PHONES, n=4, cutoff=0.3)
            hint = f"did you mean {', '.join(close)}? " if close else ""
            raise LyricError(
                f'{_where(part, note)}: unknown phone "{phone}" for "{note.lyric}"; {hint}'
                f"The phones are: {' '.join(SUNG_PHONES)}"
            )


def _held(part: Part, phones: Sequence[Phones | None]) -> list[Syllable | None]:
    """Syllables of the notes; None where the vowel before is held.

    A lyric that only holds a vowel (ー) has nothing to hold after a rest, and sings it anew.
    """
    syllables: list[Syllable | None] = []
    vowel, end_s = "", -1.0
    for note, symbols in zip(part.notes, phones, strict=True):
        touches = abs(note.start_s - end_s) < 1e-6
        if symbols:
            syllables.append(split_syllable(note.lyric, symbols))
        elif note.lyric and vowel and not touches:
            syllables.append(Syllable(note.lyric, nucleus=(vowel,)))
        else:
            syllables.append(None)
        vowel = _held_phone(symbols or ()) or vowel
        end_s = note.end_s
    return syllables


def _held_phone(phones: Phones) -> str:
    """What ー after these phones would hold: the last vowel, or N where there is none."""
    held = [p for p in phones if is_vowel(p)] or [p for p in phones if is_syllabic(p)]
    return held[-1] if held else ""


def _with_codas_last(notes: Sequence[Note], syllables: Sequence[Syllable | None]) -> list[Note]:
    """Notes with their syllables; the coda of a melisma on its last note."""
    placed = list(syllables)
    for i, syllable in enumerate(placed):
        last = i
        while last + 1 < len(notes) and syllables[last + 1] is None:
            last += 1
        if syllable and last > i and syllable.nucleus and syllable.coda:
            placed[i] = replace(syllable, coda=())
            placed[last] = Syllable("", coda=syllable.coda)
    return [replace(note, syllable=s) for note, s in zip(notes, placed, strict=True)]


def _where(part: Part, note: Note) -> str:
    return f"{part.name}, bar {note.bar}, beat {note.beat:g}"
