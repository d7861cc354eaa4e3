"""A phrase knows all that it needs, and nothing of the rest of the part."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from singsynth.performance import prepare
from singsynth.phrases import divide, spans, waves
from singsynth.score import read_score
from singsynth.song import HEAD_S, TAIL_S, Part, Phone, Song
from singsynth.stages import predict_timing
from singsynth.voice import Voice, load_voice

SCORES = Path(__file__).resolve().parents[1] / "scores"
HOP_S = 0.005


@pytest.fixture(scope="module")
def voice(tiny_voice: Path) -> Voice:
    return load_voice(tiny_voice)


def rests(*sung: tuple[float, float], total_s: float = 10.0) -> list[Phone]:
    """An "a" over each stretch, silence between."""
    phones, at = [], 0.0
    for start, end in sung:
        phones += [Phone("pau", at, start - at), Phone("a", start, end - start)]
        at = end
    return [*phones, Phone("pau", at, total_s - at)]


def test_a_long_rest_parts_phrases_and_a_short_one_does_not() -> None:
    found = spans(rests((1.0, 2.0), (2.2, 3.0), (3.4, 4.0), (9.9, 10.0)), HOP_S)
    assert found == [(160, 640), (640, 840), (1940, 2001)]


def test_nothing_sung_has_no_phrase() -> None:
    assert spans(rests(), HOP_S) == []
    assert divide((), rests(), HOP_S) == []


def test_waves_hold_every_phrase_once_the_first_alone() -> None:
    phones = rests(*((float(t), t + 0.9) for t in range(1, 300, 2)), total_s=301)
    phrases = divide((), phones, HOP_S)
    grouped = list(waves(phrases, HOP_S, first_s=1.0))
    assert [phrase for wave in grouped for phrase in wave] == phrases
    assert len(grouped[0]) == 1
    sizes = [sum(map(len, wave)) * HOP_S for wave in grouped]
    assert max(sizes) <= 40 + 2
    assert sizes[1] < sizes[2] < sizes[3]
    one = list(waves(phrases[:10], HOP_S))
    assert [len(wave) for wave in one] == [10]


def long_song(voice: Voice) -> Song:
    song = prepare(read_score(SCORES / "furusato.musicxml"), voice)
    part = song.parts[0]
    again = [
        replace(n, start_s=n.start_s + k * (song.duration_s + 0.7))
        for k in range(3)
        for n in part.notes
    ]
    return Song("Long", 3 * song.duration_s + 2.1, (Part("Voice", tuple(again)),))


def test_a_phrase_has_the_controls_that_the_whole_part_gives_it(voice: Voice) -> None:
    song = long_song(voice)
    part = song.parts[0]
    phones = predict_timing(part, voice, song.duration_s)
    phrases = divide(part.notes, phones, HOP_S)
    assert len(phrases) >= 6
    assert max(len(p.notes) for p in phrases) < len(part.notes) / 2
    for phrase in phrases:
        pitch = np.full(len(phrase), 60.0)
        here = voice.timbre.score_controls(phrase.phones, pitch, phrase.start_s)
        whole = voice.timbre.score_controls(phones, pitch, phrase.start_s)
        assert all(torch.equal(a, b) for a, b in zip(here, whole, strict=True))
        steps = len(phrase) // 2
        alone = voice.pitch.score_controls(phrase.notes, phrase.phones, steps, phrase.start_s)
        among = voice.pitch.score_controls(part.notes, phones, steps, phrase.start_s)
        for a, b in zip(alone, among, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-6)


def test_phrases_cover_all_that_is_sung(voice: Voice) -> None:
    song = long_song(voice)
    phones = predict_timing(song.parts[0], voice, song.duration_s)
    assert phones[0].start_s == -HEAD_S
    assert phones[-1].end_s == pytest.approx(song.duration_s + TAIL_S)
    found = spans(phones, HOP_S)
    assert all(a < b for a, b in found)
    assert all(b <= c for (_, b), (c, _) in pairwise(found))
    for phone in phones:
        if phone.symbol != "pau":
            a, b = (phone.start_s + HEAD_S) / HOP_S, (phone.end_s + HEAD_S) / HOP_S
            assert any(first <= a and b <= last for first, last in found)
