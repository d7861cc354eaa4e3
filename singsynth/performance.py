"""From a song and a voice to a performance, in stages that can each be called alone.

::

    synthesize("song.musicxml")  =  read_score -> pronounce -> perform

    perform  =  predict_timing -> predict_pitch -> predict_timbre -> vocode

The stages are in :mod:`singsynth.stages`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from singsynth.acoustics import Features, write_audio, write_pieces
from singsynth.acoustics.features import FloatArray
from singsynth.errors import ScoreError, VoiceError
from singsynth.formats import read_song
from singsynth.language import pronounce
from singsynth.language.carry import carried
from singsynth.score import read_score
from singsynth.song import (
    HEAD_S,
    TAIL_S,
    Note,
    Part,
    Phone,
    Remark,
    Song,
    adjusted,
    pitch_name,
)
from singsynth.stages import (
    Progress,
    Samples,
    level,
    predict_pitch,
    predict_timbre,
    predict_timing,
    stream,
    vocode,
)
from singsynth.voice import Voice, load_voice


@dataclass(frozen=True)
class Performance:
    """A song as sung. What follows from its fields is computed when first asked for.

    ``phones`` last from ``-head_s`` to the score's end and ``tail_s``. Change fields with
    ``dataclasses.replace``: what follows from them is computed anew. ``progress`` is told how far
    long work has come.
    """

    song: Song
    part: Part
    voice: Voice
    phones: tuple[Phone, ...]
    seed: int = 0
    temperature: float = 1.0
    progress: Progress | None = None
    head_s: float = HEAD_S
    tail_s: float = TAIL_S

    @cached_property
    def f0_hz(self) -> FloatArray:
        """Continuous F0, (T,), a frame every ``voice.spec.hop_s`` from ``-head_s`` on.

        ``features.voicing`` tells where it sounds.
        """
        return predict_pitch(self.part, self.phones, self.voice, **self._options)

    @cached_property
    def features(self) -> Features:
        """Acoustic features at the same frames."""
        return predict_timbre(self.phones, self.f0_hz, self.voice, **self._options)

    @cached_property
    def samples(self) -> Samples:
        """The sound, (num_samples,) float32, its loudest sample 1 dB below full scale."""
        return vocode(
            self.features,
            self.phones,
            self.voice,
            self.duration_s,
            loudness=self.part.loudness,
            progress=self.progress,
        )

    @property
    def _options(self) -> dict[str, Any]:
        return {"seed": self.seed, "temperature": self.temperature, "progress": self.progress}

    @property
    def sample_rate(self) -> int:
        """Samples per second."""
        return self.voice.info.sample_rate

    @property
    def duration_s(self) -> float:
        """Length of the sound, head and tail included."""
        return self.head_s + self.song.duration_s + self.tail_s

    @property
    def warnings(self) -> tuple[Remark, ...]:
        """What in the score was repaired, guessed or left out."""
        return self.song.warnings

    def stream(self) -> Iterator[Samples]:
        """The sound phrase by phrase, while later phrases are still being generated.

        Together the pieces are ``samples`` but for the level, which is that of the recordings the
        voice learnt from: how loud the loudest will be is not known when the first is heard.
        """
        return stream(self.part, self.phones, self.voice, self.duration_s, **self._options)

    def save(self, path: str | Path, force: bool = False) -> None:
        """Write ``samples`` as a 16-bit WAV file, in memory for the longest phrases alone.

        Raises
        ------
        OutputError
            If ``path`` exists and ``force`` is False, or cannot be written.
        """
        if "samples" in self.__dict__:
            write_audio(path, self.samples, self.sample_rate, force=force)
        else:
            write_pieces(path, self.stream(), level, self.sample_rate, force=force)

    def plot(self) -> Any:
        """Notes, F0, phones and spectrogram as a matplotlib figure."""
        from singsynth.plot import plot_performance

        return plot_performance(self)

    def _repr_html_(self) -> str:
        from singsynth.plot import performance_html

        return performance_html(self)


def synthesize(
    score: Any,
    voice: str | Path | Voice = "pjs",
    *,
    part: int | str | None = None,
    verse: int = 1,
    seed: int = 0,
    temperature: float = 1.0,
    tempo: float = 1.0,
    transpose: float = 0.0,
    octave: str | None = None,
    device: str = "cpu",
    language: str | None = None,
    progress: Progress | None = None,
) -> Performance:
    """Sing a score.

    Parameters
    ----------
    score
        Path of a MusicXML, MIDI or JSON file, an open music21 stream, or a :class:`Song`.
    voice
        Name, folder or zip file of a voice, or a loaded one.
    part
        Name or number (from 1) of the part to sing; by default the first that has words.
    verse
        The verse to begin with; repeats go on from it. Of a score only: a ``Song`` has one text.
    seed, temperature
        The same seed gives the same bytes; temperature scales how much renditions vary.
    tempo, transpose
        Factor on the speed, and semitones upwards.
    octave
        "auto" moves a part by whole octaves into the voice's range.
    device
        ``cpu`` or ``cuda``.
    language
        Of the lyrics; by default what the score says, or what its letters show.

    Raises
    ------
    ScoreError, LyricError, VoiceError
        With the place in the score and the remedy.
    """
    loaded = voice if isinstance(voice, Voice) else load_voice(voice, device)
    if isinstance(score, Song):
        song = score
    elif isinstance(score, str | Path):
        song = read_song(score, verse=verse)
    else:
        song = read_score(score, verse=verse)
    return perform(
        prepare(song, loaded, language=language, tempo=tempo, transpose=transpose, octave=octave),
        loaded,
        part=part,
        seed=seed,
        temperature=temperature,
        progress=progress,
    )


def prepare(
    song: Song,
    voice: Voice,
    *,
    language: str | None = None,
    tempo: float = 1.0,
    transpose: float = 0.0,
    octave: str | None = None,
    lexicon: Mapping[str, Sequence[str]] | None = None,
) -> Song:
    """Tempo, transposition and pronunciation: the song that a voice will be given.

    With ``octave`` "auto" parts are moved by whole octaves into the voice's range, with a remark.

    Words of ``lexicon`` are pronounced as it says, before the voice's own lexicon and the language.
    Sounds that the voice never learnt are carried over to the nearest that it knows, with a remark.
    """
    song = adjusted(song, tempo, transpose)
    if octave == "auto":
        song = _in_range(song, voice)
    known: dict[str, Sequence[str]] = {
        word: symbols for words in voice.lexicons.values() for word, symbols in words.items()
    }
    known |= lexicon or {}
    pronounced = pronounce(song, language, known or None)
    return carried(pronounced, voice.info.phones, voice.info.carry)


def choose_part(song: Song, part: int | str | None = None) -> Part:
    """The part to sing, by number from 1 or by name; None for the first.

    Raises
    ------
    ScoreError
        If the song has no such part, naming those it has.
    """
    names = [p.name for p in song.parts]
    if part is None and song.parts:
        return song.parts[0]
    if isinstance(part, str) and part in names:
        return song.parts[names.index(part)]
    if str(part).isdecimal() and 1 <= int(str(part)) <= len(song.parts):
        return song.parts[int(str(part)) - 1]
    listed = ", ".join(f"{i} {name}" for i, name in enumerate(names, start=1)) or "none"
    raise ScoreError(f"{song.title or 'score'}: no part '{part}' with words; there are: {listed}")


def perform(
    song: Song,
    voice: Voice,
    *,
    part: int | str | None = None,
    seed: int = 0,
    temperature: float = 1.0,
    progress: Progress | None = None,
) -> Performance:
    """Sing one part of a pronounced song.

    Timing is done at once; pitch, timbre and sound when they are asked for.
    """
    chosen = choose_part(song, part)
    if part is None and len(song.parts) > 1:
        others = ", ".join(p.name for p in song.parts if p is not chosen)
        remark = Remark(
            chosen.name, 1, 1.0, f"only this part is sung; choose with --part: {others}"
        )
        song = replace(song, warnings=(*song.warnings, remark))
    check_singable(chosen, voice)
    phones = predict_timing(chosen, voice, song.duration_s)
    return Performance(song, chosen, voice, phones, seed, temperature, progress)


def check_singable(part: Part, voice: Voice) -> None:
    """Refuse notes out of the voice's range and phones that it does not know.

    Raises
    ------
    VoiceError
        Naming the first such note, how many there are, and the transposition that helps.
    """
    low, high = voice.info.lowest, voice.info.highest
    outside = [n for n in part.notes if not low <= n.pitch <= high]
    if outside:
        note = outside[0]
        more = f" (and {len(outside) - 1} more)" if len(outside) > 1 else ""
        reach = f"{pitch_name(low)} to {pitch_name(high)}"
        raise VoiceError(
            f"{_where(part, note)}: {pitch_name(note.pitch)} is outside the range of voice "
            f"'{voice.info.name}', {reach}{more}; {_transposition(part.notes, low, high)}"
        )
    for note in part.notes:
        symbols = note.syllable.phones if note.syllable else ()
        odd = [symbol for symbol in symbols if symbol not in voice.info.phones]
        if odd:
            raise VoiceError(
                f"{_where(part, note)}: voice '{voice.info.name}' never learnt the sound "
                f"'{odd[0]}' of '{note.lyric}'; write other phones in brackets, as in [k a], or "
                "choose another voice"
            )


def _where(part: Part, note: Note) -> str:
    return f"{part.name}, bar {note.bar}, beat {note.beat:g}"


def _transposition(notes: Sequence[Note], low: float, high: float) -> str:
    octaves = _octaves(notes, low, high)
    if octaves:
        return f"try --octave auto, or --transpose {12 * octaves}"
    lowest, highest = min(n.pitch for n in notes), max(n.pitch for n in notes)
    if highest - lowest > high - low:
        return f"the part spans {highest - lowest:g} semitones, more than this voice has"
    up, down = np.ceil(low - lowest), np.floor(high - highest)
    return f"try --transpose {up if up > 0 else down:g}"


def _octaves(notes: Sequence[Note], low: float, high: float) -> int | None:
    """The least number of octaves that brings all notes into range, upwards if positive."""
    for octaves in sorted(range(-8, 9), key=abs):
        if all(low <= n.pitch + 12 * octaves <= high for n in notes):
            return octaves
    return None


def _in_range(song: Song, voice: Voice) -> Song:
    """Each part moved by whole octaves into the voice's range, where there is a way."""
    parts, remarks = [], list(song.warnings)
    for part in song.parts:
        octaves = _octaves(part.notes, voice.info.lowest, voice.info.highest) or 0
        if octaves:
            part = adjusted(replace(song, parts=(part,)), 1.0, 12 * octaves).parts[0]
            way = (
                f"{abs(octaves)} octave{'s' * (abs(octaves) > 1)} {'up' if octaves > 0 else 'down'}"
            )
            first = part.notes[0]
            remarks.append(
                Remark(part.name, first.bar, first.beat, f"sung {way}, in the voice's range")
            )
        parts.append(part)
    return replace(song, parts=tuple(parts), warnings=tuple(remarks))
