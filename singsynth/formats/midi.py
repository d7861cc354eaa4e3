"""MIDI with lyrics, as notation programs, sequencers and karaoke files write it.

Conventions
-----------
- A track with notes and lyrics is a part. Lyrics in a track without notes belong to the track whose
  notes begin most often where they stand. Text events serve where a file has no lyric events.
- A lyric goes to the note that begins at its tick, or nearest within a 32nd note. A note without
  one continues the vowel before it.
- Syllables of one word: ``A-`` ``men`` (a hyphen at the end goes on), or as karaoke files have it,
  where a space, ``/`` or ``\\`` at the head begins a word and all else goes on.
- A part is one line: where notes overlap, the earlier one ends; of notes that begin together the
  highest is sung, and told.
- Tempo and time signatures are those of all tracks together; without a tempo it is 120.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mido

from singsynth.errors import ScoreError
from singsynth.song import Note, Part, Remark, Song

DRUMS = 9
"""Channel 10, counted from 0, is percussion: never sung."""

MAX_NOTES = 100_000
NEAR = 8
"""A lyric may stand a quarter note divided by this away from its note: a 32nd."""


@dataclass(frozen=True)
class Track:
    """Notes (tick, end tick, pitch) and lyrics (tick, text) of one track, in order."""

    name: str
    notes: tuple[tuple[int, int, int], ...]
    lyrics: tuple[tuple[int, str], ...]


def read_midi(path: Path) -> Song:
    """Read a MIDI file; see the module for how.

    Raises
    ------
    ScoreError
        If it cannot be read, or holds no notes with words.
    """
    try:
        file = mido.MidiFile(path, charset="utf-8" if _is_utf8(path) else "latin-1")
    except OSError as error:
        reason = error.strerror or str(error) or "not MIDI"
        raise ScoreError(f"{path}: cannot be read as MIDI ({reason}); export it again") from error
    except (ValueError, EOFError, IndexError, KeyError) as error:
        raise ScoreError(f"{path}: is damaged ({error}); export it again as MIDI") from error
    if file.type == 2 or file.ticks_per_beat <= 0:
        raise ScoreError(
            f"{path}: is a MIDI file of a kind with no common time; export it as type 1"
        )
    clock = Clock(file)
    tracks = [_track(track, number) for number, track in enumerate(file.tracks, start=1)]
    if sum(len(track.notes) for track in tracks) > MAX_NOTES:
        raise ScoreError(f"{path}: holds more than {MAX_NOTES} notes; divide it")
    parts, remarks = [], []
    for track, lyrics in _with_lyrics(tracks):
        part, said = _part(track, lyrics, clock)
        parts.append(part)
        remarks += said
    if not parts:
        raise ScoreError(
            f"{path}: has no notes with lyrics; export it with lyrics, or use MusicXML, which "
            "keeps them better"
        )
    end_s = max(part.notes[-1].end_s for part in parts)
    return Song(path.stem, end_s, tuple(parts), tuple(remarks))


def _is_utf8(path: Path) -> bool:
    """Whether the texts of a file are UTF-8: the standard leaves it open."""
    data = path.read_bytes()
    for event in re.finditer(rb"\xff[\x01\x05]([\x01-\x7f])", data):
        try:
            data[event.end() : event.end() + event[1][0]].decode("utf-8")
        except UnicodeDecodeError:
            return False
    return True


class Clock:
    """Ticks to seconds, and to bars and beats."""

    def __init__(self, file: Any) -> None:
        self.resolution = file.ticks_per_beat
        tempos, meters = {0: 500_000}, {0: (4, 4)}
        for track in file.tracks:
            tick = 0
            for message in track:
                tick += message.time
                if message.type == "set_tempo" and message.tempo > 0:
                    tempos[tick] = message.tempo
                elif message.type == "time_signature" and message.numerator > 0:
                    meters[tick] = (message.numerator, message.denominator)
        self._ticks, self._seconds, self._tempos = [0], [0.0], [tempos[0]]
        for tick in sorted(tempos)[1:]:
            self._seconds.append(self.seconds(tick))
            self._ticks.append(tick)
            self._tempos.append(tempos[tick])
        self._meters: list[tuple[int, int, int, int]] = []  # tick, bar, numerator, denominator
        for tick in sorted(meters):
            bar = self.bar_and_beat(tick)[0] if self._meters else 1
            self._meters.append((tick, bar, *meters[tick]))

    def seconds(self, tick: int) -> float:
        """Time of a tick."""
        i = bisect_right(self._ticks, tick) - 1
        beats = (tick - self._ticks[i]) / self.resolution
        return self._seconds[i] + beats * self._tempos[i] / 1e6

    def bar_and_beat(self, tick: int) -> tuple[int, float]:
        """Bar, counted from 1, and beat of a tick."""
        start, bar, numerator, denominator = next(m for m in reversed(self._meters) if m[0] <= tick)
        beats = (tick - start) / self.resolution * denominator / 4
        return bar + int(beats // numerator), 1 + beats % numerator


def _track(track: Any, number: int) -> Track:
    tick = 0
    name = ""
    open_notes: dict[tuple[int, int], int] = {}
    notes: list[tuple[int, int, int]] = []
    lyrics: list[tuple[int, str]] = []
    texts: list[tuple[int, str]] = []
    for message in track:
        tick += message.time
        if message.type == "track_name":
            name = name or " ".join(message.name.split())
        elif message.type == "lyrics":
            lyrics.append((tick, message.text))
        elif message.type == "text" and not message.text.startswith("@"):
            texts.append((tick, message.text))
        elif message.type in {"note_on", "note_off"} and message.channel != DRUMS:
            key = (message.channel, message.note)
            begin = open_notes.pop(key, None)
            if begin is not None and tick > begin:
                notes.append((begin, tick, message.note))
            if message.type == "note_on" and message.velocity > 0:
                open_notes[key] = tick
    sung = [pair for pair in lyrics or texts if pair[1].strip()]
    return Track(name or f"track {number}", tuple(sorted(notes)), tuple(sung))


def _with_lyrics(tracks: Sequence[Track]) -> list[tuple[Track, tuple[tuple[int, str], ...]]]:
    """Tracks with notes, and the lyrics that belong to them."""
    found = [(track, track.lyrics) for track in tracks if track.notes and track.lyrics]
    if found:
        return found
    sung = [track for track in tracks if track.notes]
    for words in (track for track in tracks if track.lyrics):
        ticks = {tick for tick, _ in words.lyrics}
        best = max(sung, key=lambda t: len(ticks & {n[0] for n in t.notes}), default=None)
        if best and ticks & {n[0] for n in best.notes}:
            return [(best, words.lyrics)]
    return []


def _part(
    track: Track, lyrics: Sequence[tuple[int, str]], clock: Clock
) -> tuple[Part, list[Remark]]:
    remarks: list[Remark] = []
    line: list[tuple[int, int, int]] = []
    for note in track.notes:  # sorted by tick, then end, then pitch
        if line and note[0] == line[-1][0]:
            bar, beat = clock.bar_and_beat(note[0])
            if not remarks:
                message = "notes sound together; the highest is sung"
                remarks.append(Remark(track.name, bar, beat, message))
            if note[2] > line[-1][2]:
                line[-1] = note
            continue
        if line and line[-1][1] > note[0]:
            line[-1] = (line[-1][0], note[0], line[-1][2])
        line.append(note)
    words = _words(lyrics)
    starts = [note[0] for note in line]
    given: dict[int, tuple[str, str]] = {}
    for tick, text, syllabic in words:
        i = bisect_left(starts, tick)
        near = [k for k in (i - 1, i) if 0 <= k < len(starts)]
        at = min(near, key=lambda k: abs(starts[k] - tick))
        if abs(starts[at] - tick) <= clock.resolution / NEAR and at not in given:
            given[at] = (text, syllabic)
        else:
            bar, beat = clock.bar_and_beat(tick)
            remarks.append(Remark(track.name, bar, beat, f'no note begins with the word "{text}"'))
    notes = []
    for i, (begin, end, pitch) in enumerate(line):
        text, syllabic = given.get(i, ("", "single"))
        bar, beat = clock.bar_and_beat(begin)
        start_s = clock.seconds(begin)
        notes.append(
            Note(start_s, clock.seconds(end) - start_s, float(pitch), text, syllabic, bar, beat)
        )
    return Part(track.name, tuple(notes)), remarks


def _words(lyrics: Sequence[tuple[int, str]]) -> list[tuple[int, str, str]]:
    """Tick, text and ``syllabic`` of each lyric."""
    spaced = any(text[:1] in " /\\" or text[-1:] == " " for _, text in lyrics)
    first: list[bool] = []  # whether a lyric begins a word
    goes_on = False
    for _, text in lyrics:
        begins = not goes_on
        if spaced and not text.endswith("-"):
            goes_on = not text.endswith(" ")
            begins = begins or text[:1] in " /\\"
        else:
            goes_on = text.rstrip().endswith("-")
        first.append(begins)
    found = []
    for i, (tick, text) in enumerate(lyrics):
        begins, ends = first[i], i + 1 == len(lyrics) or first[i + 1]
        place = {
            (True, True): "single",
            (True, False): "begin",
            (False, False): "middle",
            (False, True): "end",
        }[begins, ends]
        clean = text.strip().lstrip("/\\").rstrip("-").strip()
        if clean:
            found.append((tick, clean, place))
    return found
