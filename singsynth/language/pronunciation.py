"""Every note of a song gets its syllable.

What a lyric may be, in the order in which it is tried:

1. a whole lyric that the user's lexicon has;
2. phones in brackets, ``[k a]``, taken as they are;
3. a syllable of a word that the lexicon has, whose phones are spread over its syllables
   (:func:`~singsynth.language.spelling.spread`);
4. a syllable of a word in the language.

In a lyric of several words (*mia‿anima*, also *mia anima*) these are parted by an undertie.

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
from singsynth.language.phones import PHONES, SUNG_PHONES, is_syllabic, is_vowel, split_syllable
from singsynth.language.registry import (
    FALLBACK,
    Language,
    detect_language,
    language_name,
    load_language,
)
from singsynth.language.spelling import UNDERTIE, spread
from singsynth.song import Note, Part, Remark, Song, Syllable

LISTED = 5
"""Unknown syllables named in one message; the others are counted."""

Phones = tuple[str, ...]

_TIES = "\u035c\u035d\u0361"
"""Ties below and above two letters, which join vowels on one note."""

_BROKEN_BRACKETS = re.compile(r"\[\s*\]|\]\[|\[[^\]]*\s|\s[^\[]*\]")
"""Phones in brackets gone wrong, not an editor's brackets: empty, in several, or with spaces."""

_NO_LETTERS = re.compile(r"[\d\[\]{}<>|@#$%^*=+\\/]")
"""What is no letter of any word, and no punctuation that scores have under notes."""

_HYPHENS = ("-", "\N{SOFT HYPHEN}", "\N{HYPHEN}", "\N{NON-BREAKING HYPHEN}")


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
        Pronunciations that go before all others: a whole lyric, as it stands under its note, or a
        word without hyphens, and its phones.

    Returns
    -------
    Song
        The same song with syllables, and the language that each part was read in. Notes that
        continue a vowel keep None, but for the last of them if a coda is sung on it.

    Raises
    ------
    LyricError
        If syllables or phones are unknown, or the language is. One line that names each, its part,
        bar and beat, and how to mend it.
    """
    known = {lyric: tuple(phones) for lyric, phones in (lexicon or {}).items()}
    parts: list[Part] = []
    unknown: list[str] = []
    remarks = list(song.warnings)
    remedy = ""
    for part in song.parts:
        written = [
            note
            for word in _words(part.notes)
            for note in word
            if _given(note, known) is None and _listed(word, known) is None
        ]
        spoken = [replace(note, lyric=_stripped(note.lyric)) for note in written]
        tag = part.language
        if language or spoken:
            remarks += _signs(part, written)
            tag = language or detect_language(replace(part, notes=tuple(spoken)), song.parts)
            if not tag:
                tag = FALLBACK
                remarks.append(_guess(part, spoken[0], tag))
        tongue = load_language(tag) if language or spoken else None
        read = _read(part, tongue, known)
        bad = [n for n, syllable in zip(part.notes, read, strict=True) if syllable is None]
        unknown += [f'"{note.lyric}" ({_where(part, note)})' for note in bad]
        if tongue and bad:
            remedy = f"in {tongue.NAME}; {tongue.REMEDY}"
        notes = _with_codas_last(part.notes, _held(part, read))
        parts.append(replace(part, notes=tuple(notes), language=tag))
    if unknown:
        listed = ", ".join(unknown[:LISTED])
        more = f" and {len(unknown) - LISTED} more" if len(unknown) > LISTED else ""
        raise LyricError(
            f"cannot pronounce {listed}{more} {remedy}, write its phones in brackets such as "
            "[k a], or add it to a lexicon"
        )
    return replace(song, parts=tuple(parts), warnings=tuple(dict.fromkeys(remarks)))


def _signs(part: Part, spoken: Sequence[Note]) -> list[Remark]:
    """A remark where lyrics hold signs that are no letters: an editor's brackets, figures."""
    odd = [note for note in spoken if _NO_LETTERS.search(note.lyric)]
    if not odd:
        return []
    more = f" (and {len(odd) - 1} more)" if len(odd) > 1 else ""
    message = f'"{odd[0].lyric}" is read without the signs in it that are no letters{more}'
    return [Remark(part.name, odd[0].bar, odd[0].beat, message)]


def _guess(part: Part, note: Note, tag: str) -> Remark:
    name = language_name(tag)
    message = f"the language of the words cannot be told; read as {name}, name it with --language"
    return Remark(part.name, note.bar, note.beat, message)


def _read(
    part: Part, language: Language | None, lexicon: Mapping[str, Phones]
) -> list[Syllable | None]:
    """The syllable of each note: without phones if it holds the vowel before, None if unknown."""
    syllables: list[Syllable | None] = []
    has_vowel = False
    for word in _words(part.notes):
        spoken = [note for note in word if note.lyric]
        in_language = dict(
            zip(map(id, spoken), _spoken(part, spoken, language, lexicon), strict=True)
        )
        for note in word:
            given = _given(note, lexicon)
            if given is None:
                syllable = in_language[id(note)]
            else:
                _check_phones(given, part, note)
                syllable = split_syllable(note.lyric, given)
            symbols = syllable.phones if syllable else ()
            has_vowel = has_vowel or bool(_held_phone(symbols))
            nothing_to_hold = not symbols and note.lyric and not has_vowel
            syllables.append(None if nothing_to_hold else syllable)
    return syllables


def _spoken(
    part: Part, word: Sequence[Note], language: Language | None, lexicon: Mapping[str, Phones]
) -> list[Syllable | None]:
    """The syllables of a word, as the lexicon has it or by the rules of its language."""
    spelled = [_stripped(note.lyric) for note in word]
    listed = _listed(word, lexicon)
    found: Sequence[Syllable | None]
    if listed is not None:
        _check_phones(listed, part, word[0])
        found = spread(listed, spelled)
    else:
        found = language.syllables(spelled) if language else [None] * len(spelled)
    return [s and replace(s, text=note.lyric) for s, note in zip(found, word, strict=True)]


def _listed(word: Sequence[Note], lexicon: Mapping[str, Phones]) -> Phones | None:
    """The phones that the lexicon has for a whole word, in its own letters or in small ones."""
    whole = "".join(_stripped(note.lyric) for note in word)
    return lexicon.get(whole, lexicon.get(whole.lower()))


def _given(note: Note, lexicon: Mapping[str, Phones]) -> Phones | None:
    """The phones that the user has given for a lyric, in the lexicon or in brackets."""
    if not note.lyric:
        return ()
    for lyric in (note.lyric, _stripped(note.lyric)):
        if lyric in lexicon:
            return lexicon[lyric]
    brackets = re.fullmatch(r"\[([^\[\]]*)\]", note.lyric.strip().strip("-_"))
    phones = tuple(brackets[1].split()) if brackets else ()
    if len(phones) == 1 and phones[0] not in PHONES:
        return None  # an editor's brackets
    return phones or None


def _words(notes: Sequence[Note]) -> Iterator[list[Note]]:
    """Group notes into words by ``syllabic``; a melisma belongs to its syllable's word.

    Scores that call every syllable single, but end it on a hyphen, mean that the word goes on.
    """
    word: list[Note] = []
    goes_on = False
    for note in notes:
        if word and note.lyric and note.syllabic in {"single", "begin"} and not goes_on:
            yield word
            word = []
        word.append(note)
        goes_on = note.lyric.rstrip().endswith(_HYPHENS) if note.lyric else goes_on
    if word:
        yield word


def _stripped(lyric: str) -> str:
    """A lyric without punctuation, hyphens, underscores and spaces at its ends.

    Apostrophes stay, since they divide syllables, and broken brackets, since they are a mistake.
    Words are parted by an undertie, also where two letters are tied.
    """
    text = unicodedata.normalize("NFKC", lyric).replace("’", "'")
    text = re.sub(f"[{UNDERTIE}{_TIES}]", " ", text)
    kept = "'[]" if _BROKEN_BRACKETS.search(text) else "'"
    words = (
        "".join(c for c in word if c in kept or unicodedata.category(c)[0] not in "PZSCN")
        for word in text.split()
    )
    return UNDERTIE.join(filter(None, words))


def _check_phones(phones: Phones, part: Part, note: Note) -> None:
    for phone in phones:
        if phone not in SUNG_PHONES:
            close = difflib.get_close_matches(phone, SUNG_PHONES, n=4, cutoff=0.3)
            hint = f"did you mean {', '.join(close)}? " if close else ""
            raise LyricError(
                f'{_where(part, note)}: unknown phone "{phone}" for "{note.lyric}"; {hint}'
                f"The phones are: {' '.join(SUNG_PHONES)}"
            )


def _held(part: Part, read: Sequence[Syllable | None]) -> list[Syllable | None]:
    """Syllables of the notes; None where the vowel before is held.

    A lyric that only holds a vowel (ー) has nothing to hold after a rest, and sings it anew.
    """
    syllables: list[Syllable | None] = []
    vowel, end_s = "", -1.0
    for note, syllable in zip(part.notes, read, strict=True):
        touches = abs(note.start_s - end_s) < 1e-6
        symbols = syllable.phones if syllable else ()
        if symbols:
            syllables.append(syllable)
        elif note.lyric and vowel and not touches:
            syllables.append(Syllable(note.lyric, nucleus=(vowel,)))
        else:
            syllables.append(None)
        vowel = _held_phone(symbols) or vowel
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
