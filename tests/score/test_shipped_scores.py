"""The scores that come with singsynth are read and pronounced without any guess."""

from __future__ import annotations

from pathlib import Path

import pytest

from singsynth.language import pronounce
from singsynth.score import read_score

SCORES = Path(__file__).resolve().parents[2] / "scores"


@pytest.mark.parametrize(
    ("name", "seconds", "notes", "lowest", "highest", "first", "last"),
    [
        ("furusato", 36, 45, 50, 64, "う さ ぎ お い し か の や ま", "ふ る さ と"),
        ("sakura", 44.2105, 50, 49, 62, "さ く ら さ く ら や よ い の", "み に ゆ か ん"),
        ("londonderry_air", 61.8182, 90, 47, 66, "a re ru ya a re ru ya a re", "ru ya a men"),
    ],
)
def test_shipped_score(
    name: str, seconds: float, notes: int, lowest: int, highest: int, first: str, last: str
) -> None:
    song = read_score(SCORES / f"{name}.musicxml")
    (voice,) = song.parts
    assert song.duration_s == pytest.approx(seconds, abs=1e-3)
    assert len(voice.notes) == notes
    assert voice.language == "ja"
    assert (min(n.pitch for n in voice.notes), max(n.pitch for n in voice.notes)) == (
        lowest,
        highest,
    )
    lyrics = " ".join(n.lyric for n in voice.notes if n.lyric)
    assert lyrics.startswith(first)
    assert lyrics.endswith(last)
    assert [str(w) for w in song.warnings if "verse" not in str(w)] == []
    (spoken,) = pronounce(song).parts
    assert all((n.syllable is None) == (not n.lyric) for n in spoken.notes[:-1])


def test_melismas_of_the_londonderry_air() -> None:
    """The consonant that closes *amen* waits through eight notes and a tie for the very end."""
    (voice,) = pronounce(read_score(SCORES / "londonderry_air.musicxml")).parts
    *_, amen = (i for i, n in enumerate(voice.notes) if n.lyric)
    phones = [n.syllable and n.syllable.phones for n in voice.notes[amen:]]
    assert phones == [("m", "e"), None, None, None, None, None, None, None, ("N",)]
