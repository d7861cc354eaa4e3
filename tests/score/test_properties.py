"""What holds of every score, whatever its notes, rests, ties and tempi."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from musicxml import TIE, TIED, bar, note, part, read, score

from singsynth.language import pronounce
from singsynth.song import Song


class Event(NamedTuple):
    """What stands in a generated bar; ``length`` in eighths, ``qpm`` a tempo mark before it."""

    pitch: str
    length: int
    words: str
    ties: str
    qpm: int


events = st.builds(
    Event,
    pitch=st.sampled_from(["R", "C4", "C4", "D4", "F#3", "Bb3"]),
    length=st.integers(1, 8),
    words=st.sampled_from(["", "か", "sho", "ん", "っ", "ー", "かん", "きょう"]),
    ties=st.sampled_from(["", "", TIE, TIED, TIED + TIE]),
    qpm=st.sampled_from([0, 0, 0, 40, 66, 97, 132]),
)
bars_of_events = st.lists(st.lists(events, min_size=1, max_size=6), min_size=1, max_size=5)


def written(bars: list[list[Event]]) -> tuple[str, float]:
    """The score, and how many seconds it lasts by a simple count."""
    qpm = next((e.qpm for events in bars for e in events if e.qpm), 120)
    seconds, texts = 0.0, []
    for number, events in enumerate(bars, start=1):
        content = []
        for event in events:
            if event.qpm:
                qpm = event.qpm
                content.append(f'<sound tempo="{qpm}"/>')
            seconds += event.length / 2 * 60 / qpm
            is_rest = event.pitch == "R"
            content.append(
                note(
                    event.pitch,
                    event.length,
                    "" if is_rest else event.words,
                    after="" if is_rest else event.ties,
                )
            )
        texts.append(bar(*content, number=number))
    texts.append(bar(note("C4", 8, "か"), number=len(bars) + 1))
    return score(part(*texts, tempo="")), seconds + 4 * 60 / qpm


def check(song: Song, seconds: float) -> None:
    assert song.duration_s == pytest.approx(seconds, abs=1e-4)
    (line,) = pronounce(song, "ja").parts
    end_s, vowel = 0.0, False
    for this in line.notes:
        assert this.start_s >= end_s, "notes overlap"
        assert this.duration_s > 0
        touches = this.start_s == end_s
        end_s = this.end_s
        if this.syllable is None:
            assert vowel, "nothing to continue"
            assert touches or not this.lyric, "a rest divides a melisma"
        else:
            assert len(this.syllable.nucleus) <= 1
            vowel = vowel or bool(this.syllable.nucleus)
    assert end_s <= song.duration_s


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(bars_of_events)
def test_any_score_keeps_its_time_and_sings_one_note_at_a_time(bars: list[list[Event]]) -> None:
    text, seconds = written(bars)
    # A lyric that only holds a vowel has none to hold at the very beginning.
    first_words = next((e.words for events in bars for e in events if e.pitch != "R"), "")
    if first_words in {"ー", "っ"}:
        return
    with tempfile.TemporaryDirectory() as folder:
        check(read(Path(folder), text), seconds)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=300) | st.text(alphabet="<>/&;ab score-partwise", max_size=80))
def test_rubbish_is_refused_in_one_line(content: bytes | str) -> None:
    from singsynth.errors import ScoreError
    from singsynth.score import read_score

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rubbish.musicxml"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        with pytest.raises(ScoreError) as caught:
            read_score(path)
    assert "\n" not in str(caught.value)
