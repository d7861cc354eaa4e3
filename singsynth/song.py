"""The language that all rooms speak: a song as notes with syllables, in seconds and MIDI pitch.

Conventions
-----------
- Times are seconds from the start of the score, after the tempo map and any unfolding of repeats.
- Pitch is a MIDI number (69 = A4 = 440 Hz); fractions are microtones. It is the *sounding* pitch.
- A gap between two notes of a part is a rest. Notes of one part never overlap.
- ``bar`` is the number printed in the score and ``beat`` counts from 1 in units of the time
  signature's beat, so that a message can point a musician to the place.
- A note whose ``lyric`` is empty continues the vowel of the note before it (melisma).

The score room fills everything but :attr:`Note.syllable`; the language room fills that.
A timing model turns a part into :class:`Phone` s.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

REST = "pau"
"""Phone symbol of silence between phrases."""

BREATH = "br"
"""Phone symbol of an audible breath."""


HEAD_S = 0.25
"""Every performance begins this long before its score: consonants of a first note sound there."""

TAIL_S = 0.25
"""Every performance ends this long after its score: the last sound fades there."""


@dataclass(frozen=True, slots=True)
class Syllable:
    """Phones of one syllable.

    ``nucleus`` is sung from the note's onset; ``onset`` consonants sound *before* it, ``coda``
    consonants at the note's end. An empty nucleus means that the vowel of the syllable before is
    held (a melisma whose last note closes the syllable).
    """

    text: str
    onset: tuple[str, ...] = ()
    nucleus: tuple[str, ...] = ()
    coda: tuple[str, ...] = ()

    @property
    def phones(self) -> tuple[str, ...]:
        """All phones in the order they are sung."""
        return self.onset + self.nucleus + self.coda


@dataclass(frozen=True, slots=True)
class Note:
    """One sung note.

    ``syllabic`` is MusicXML's place of the syllable in its word: ``single``, ``begin``, ``middle``
    or ``end``. ``syllable`` is None until the language room has pronounced the lyric, and stays
    None on a note that continues the vowel before it.
    """

    start_s: float
    duration_s: float
    pitch: float
    lyric: str = ""
    syllabic: str = "single"
    bar: int = 0
    beat: float = 1.0
    syllable: Syllable | None = None

    @property
    def end_s(self) -> float:
        """Time at which the note ends, in seconds."""
        return self.start_s + self.duration_s


@dataclass(frozen=True)
class Part:
    """One line of music for one singer: notes in order of time, never overlapping.

    ``loudness`` is the curve that dynamics, hairpins and accents draw: (seconds, decibels) pairs in
    order of time, 0 dB for *mf*, straight lines between them and held beyond the first and the
    last; two pairs at one time are a step. Empty means that the score says nothing.
    """

    name: str
    notes: tuple[Note, ...]
    language: str = ""
    loudness: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class Remark:
    """Something in the score that was repaired, guessed or left out, and where."""

    part: str
    bar: int
    beat: float
    message: str

    def __str__(self) -> str:
        return f"{self.part}, bar {self.bar}, beat {self.beat:g}: {self.message}"


@dataclass(frozen=True)
class Song:
    """A score ready to be sung. ``duration_s`` includes rests at either end."""

    title: str
    duration_s: float
    parts: tuple[Part, ...]
    warnings: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True)
class Phone:
    """One phone as performed.

    ``note`` is the index in the part of the note it is sung on (consonants: the note they lead
    into; None in rests). ``continues`` marks a vowel held from the phone before, without a new
    attack (melisma).
    """

    symbol: str
    start_s: float
    duration_s: float
    note: int | None = None
    continues: bool = False

    @property
    def end_s(self) -> float:
        """Time at which the phone ends, in seconds."""
        return self.start_s + self.duration_s


def adjusted(song: Song, tempo: float = 1.0, transpose: float = 0.0) -> Song:
    """The same song ``tempo`` times as fast and ``transpose`` semitones higher.

    Raises
    ------
    ValueError
        If ``tempo`` is not above 0.
    """
    if not tempo > 0:
        raise ValueError(f"tempo must be above 0, not {tempo}")
    parts = tuple(
        replace(
            part,
            notes=tuple(
                replace(
                    note,
                    start_s=note.start_s / tempo,
                    duration_s=note.duration_s / tempo,
                    pitch=note.pitch + transpose,
                )
                for note in part.notes
            ),
            loudness=tuple((time_s / tempo, level_db) for time_s, level_db in part.loudness),
        )
        for part in song.parts
    )
    return replace(song, duration_s=song.duration_s / tempo, parts=parts)


PITCH_CLASSES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


def pitch_name(pitch: float) -> str:
    """Name of the nearest note of a MIDI pitch, as in ``C#4`` (60 is C4)."""
    nearest = round(pitch)
    return f"{PITCH_CLASSES[nearest % 12]}{nearest // 12 - 1}"
