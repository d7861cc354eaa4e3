"""MIDI with lyrics: notes, words and seconds as written, whoever wrote them."""

from __future__ import annotations

from pathlib import Path

import mido
import pytest

from singsynth.errors import ScoreError
from singsynth.formats import read_song
from singsynth.language import pronounce

BEAT = 480


def save(path: Path, *tracks: list[tuple[int, object]], charset: str = "utf-8") -> Path:
    """Tracks of (tick, message), in any order."""
    file = mido.MidiFile(type=1, ticks_per_beat=BEAT, charset=charset)
    for events in tracks:
        track, at = mido.MidiTrack(), 0
        for tick, message in sorted(events, key=lambda e: e[0]):
            track.append(message.copy(time=tick - at))  # type: ignore[attr-defined]
            at = tick
        file.tracks.append(track)
    file.save(path)
    return path


def tune(*notes: tuple[float, float, int, str], channel: int = 0) -> list[tuple[int, object]]:
    """(beat, beats, pitch, lyric) of each note."""
    events: list[tuple[int, object]] = []
    for beat, beats, pitch, lyric in notes:
        begin, end = round(beat * BEAT), round((beat + beats) * BEAT)
        if lyric:
            events.append((begin, mido.MetaMessage("lyrics", text=lyric)))
        events.append((begin, mido.Message("note_on", note=pitch, velocity=64, channel=channel)))
        events.append((end, mido.Message("note_off", note=pitch, channel=channel)))
    return events


def meta(tick: int, kind: str, **values: object) -> tuple[int, object]:
    return tick, mido.MetaMessage(kind, **values)


def test_notes_words_and_seconds(tmp_path: Path) -> None:
    tempo = [
        meta(0, "set_tempo", tempo=1_000_000),
        meta(2 * BEAT, "set_tempo", tempo=500_000),
        meta(0, "time_signature", numerator=3, denominator=4),
    ]
    melody = [
        meta(0, "track_name", name="Solo"),
        *tune((0, 1, 60, "A-"), (1, 1, 62, "men"), (2, 1, 64, ""), (4, 2, 65, "ぱ")),
    ]
    song = read_song(save(tmp_path / "song.mid", tempo, melody))
    (part,) = song.parts
    assert part.name == "Solo"
    assert [(n.start_s, n.duration_s, n.pitch, n.lyric, n.syllabic) for n in part.notes] == [
        (0.0, 1.0, 60, "A", "begin"),
        (1.0, 1.0, 62, "men", "end"),
        (2.0, 0.5, 64, "", "single"),
        (3.0, 1.0, 65, "ぱ", "single"),
    ]
    assert [(n.bar, n.beat) for n in part.notes] == [(1, 1), (1, 2), (1, 3), (2, 2)]
    assert song.duration_s == 4.0
    assert song.warnings == ()


def test_karaoke_words_in_a_track_of_their_own(tmp_path: Path) -> None:
    words = [
        meta(0, "text", text="@TSong"),
        *(meta(round(b * BEAT), "text", text=t) for b, t in [(0, "\\Hal"), (1, "lo"), (2, " you")]),
    ]
    bass = tune((0, 3, 40, ""))
    melody = tune((0, 1, 60, ""), (1, 1, 62, ""), (2, 1, 64, ""))
    (part,) = read_song(save(tmp_path / "song.kar", words, bass, melody)).parts
    assert [(n.pitch, n.lyric, n.syllabic) for n in part.notes] == [
        (60, "Hal", "begin"), (62, "lo", "end"), (64, "you", "single"),
    ]  # fmt: skip


def test_overlaps_chords_drums_and_a_stray_word(tmp_path: Path) -> None:
    melody = [
        *tune((0, 1.5, 60, "か"), (1, 1, 62, "き"), (1, 1, 65, ""), (2, 1, 64, "く")),
        *tune((0, 4, 36, ""), channel=9),
        meta(round(3.5 * BEAT), "lyrics", text="け"),
    ]
    song = read_song(save(tmp_path / "song.mid", melody))
    (part,) = song.parts
    assert [(n.start_s, n.end_s, n.pitch, n.lyric) for n in part.notes] == [
        (0.0, 0.5, 60, "か"), (0.5, 1.0, 65, "き"), (1.0, 1.5, 64, "く"),
    ]  # fmt: skip
    assert [str(remark) for remark in song.warnings] == [
        "track 1, bar 1, beat 2: notes sound together; the highest is sung",
        'track 1, bar 1, beat 4.5: no note begins with the word "け"',
    ]


def test_old_files_are_latin_1(tmp_path: Path) -> None:
    path = save(tmp_path / "song.mid", tune((0, 1, 60, "niño")), charset="latin-1")
    (part,) = pronounce(read_song(path), "es").parts
    assert part.notes[0].lyric == "niño"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"RIFF", "cannot be read as MIDI|is damaged"),
        (b"MThd\0\0\0\6\0\1\0\1\1\xe0MTrk", "MIDI|damaged|no notes"),
    ],
)
def test_what_is_no_midi_is_told(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "song.mid"
    path.write_bytes(content)
    with pytest.raises(ScoreError, match=message) as caught:
        read_song(path)
    assert "\n" not in str(caught.value)


def test_without_words_there_is_nothing_to_sing(tmp_path: Path) -> None:
    path = save(tmp_path / "song.mid", tune((0, 1, 60, "")))
    with pytest.raises(ScoreError, match="has no notes with lyrics; export it with lyrics"):
        read_song(path)
    with pytest.raises(ScoreError, match="holds one text, not verse 2"):
        read_song(path, verse=2)
