"""Fitting: phones fill the score exactly, vowels on the beat, consonants give way to vowels."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from singsynth.model.timing import LEAST_VOWEL_SHARE, fit
from singsynth.song import REST, Note, Syllable


def note(start, duration, onset="", nucleus="a", coda=""):
    syllable = Syllable("x", tuple(onset.split()), tuple(nucleus.split()), tuple(coda.split()))
    return Note(start, duration, 60.0, lyric="x", syllable=syllable)


def lay(notes, durations, deviations=None, end=None):
    wanted = [np.array(d, dtype=float) for d in durations]
    shifts = np.zeros(len(notes)) if deviations is None else np.array(deviations)
    return fit(notes, shifts, wanted, -0.25, (end or notes[-1].end_s) + 0.25)


def as_rows(phones):
    return [(p.symbol, round(p.start_s, 4), round(p.duration_s, 4), p.note) for p in phones]


def test_consonants_sound_before_the_beat():
    notes = [note(0.0, 0.5, "k"), note(0.5, 0.5, "s")]
    assert as_rows(lay(notes, [[0.06, 0.4], [0.1, 0.4]])) == [
        (REST, -0.25, 0.19, None),
        ("k", -0.06, 0.06, 0),
        ("a", 0.0, 0.4, 0),
        ("s", 0.4, 0.1, 1),
        ("a", 0.5, 0.5, 1),
        (REST, 1.0, 0.25, None),
    ]


def test_a_rest_gives_way_before_the_vowel_does():
    notes = [note(0.0, 0.5), note(1.0, 0.5, "s")]
    assert as_rows(lay(notes, [[0.4], [0.1, 0.4]]))[1:4] == [
        ("a", 0.0, 0.5, 0),
        (REST, 0.5, 0.4, None),
        ("s", 0.9, 0.1, 1),
    ]


def test_consonants_shrink_only_as_far_as_the_vowel_needs():
    notes = [note(0.0, 0.2), note(0.2, 0.5, "s")]
    rows = as_rows(lay(notes, [[0.1], [0.3, 0.4]]))
    assert rows[1] == ("a", 0.0, 0.1, 0)
    assert rows[2] == ("s", 0.1, 0.1, 1)


def test_a_coda_ends_with_its_note():
    notes = [note(0.0, 0.5, "", "a", "N")]
    assert as_rows(lay(notes, [[0.4, 0.12]]))[1:3] == [("a", 0.0, 0.38, 0), ("N", 0.38, 0.12, 0)]


def test_a_melisma_holds_the_vowel_without_a_new_attack():
    notes = [note(0.0, 0.5, "m", "u"), Note(0.5, 0.5, 62.0), note(1.0, 0.5, "", "", "N")]
    phones = lay(notes, [[0.05, 0.4], [], [0.1]])
    rows = [(p.symbol, p.note, p.continues) for p in phones if p.symbol != REST]
    assert rows == [
        ("m", 0, False),
        ("u", 0, False),
        ("u", 1, True),
        ("u", 2, True),
        ("N", 2, False),
    ]


def test_a_late_entry_keeps_the_order():
    notes = [note(0.0, 0.1), note(0.1, 0.1), note(0.2, 0.5)]
    phones = lay(notes, [[0.1]] * 3, deviations=[0.08, -0.08, 0.08])
    starts = [p.start_s for p in phones]
    assert starts == sorted(starts)
    assert all(p.duration_s > 0 for p in phones)


SYMBOLS = st.sampled_from(["", "k", "s", "k r", "ky"])


@st.composite
def lines(draw):
    notes, durations, at = [], [], draw(st.floats(0, 2))
    for _ in range(draw(st.integers(1, 12))):
        length = draw(st.floats(0.05, 3.0))
        made = note(at, length, draw(SYMBOLS), "a", draw(st.sampled_from(["", "N", "cl"])))
        notes.append(made)
        durations.append([draw(st.floats(0.01, 0.4)) for _ in made.syllable.phones])
        at += length + draw(st.sampled_from([0.0, 0.0, 0.0, 0.02, 0.1, 1.0]))
    deviations = [draw(st.floats(-0.08, 0.08)) for _ in notes]
    return notes, durations, deviations


@settings(deadline=None, max_examples=200)
@given(lines())
def test_any_line_is_filled_without_gaps(line):
    notes, durations, deviations = line
    phones = lay(notes, durations, deviations)
    assert phones[0].start_s == -0.25
    assert phones[-1].end_s == pytest.approx(notes[-1].end_s + 0.25)
    for one, other in itertools.pairwise(phones):
        assert other.start_s == pytest.approx(one.end_s, abs=1e-9)
    vowels = {p.note: p for p in phones if p.symbol == "a"}
    assert set(vowels) == set(range(len(notes)))
    for index, vowel in vowels.items():
        assert abs(vowel.start_s - notes[index].start_s) <= 0.08 + 1e-9
        if index + 1 < len(notes):
            span = min(vowels[index + 1].start_s, notes[index].end_s) - vowel.start_s
            assert vowel.duration_s >= LEAST_VOWEL_SHARE * span - 1e-6
