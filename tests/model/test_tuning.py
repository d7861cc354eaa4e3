"""Tuning: notes land on their pitch, their shape stays."""

import numpy as np
import pytest

from singsynth.model.pitch import Line, performed_line, straight_glides
from singsynth.model.tuning import tune
from singsynth.song import REST, Note, Phone, Syllable

HOP = 0.005


def line(*notes):
    onset, end, pitch = (np.array(x, dtype=float) for x in zip(*notes, strict=True))
    return Line(onset, end, pitch)


def test_a_flat_note_off_pitch_is_moved_onto_it():
    f0 = np.full(200, 60.4)
    tuned = tune(f0, line((0.0, 1.0, 60.0)), [Phone("a", 0.0, 1.0, 0)], {"a"}, HOP, 0.0)
    assert tuned == pytest.approx(np.full(200, 60.0), abs=1e-9)


def test_vibrato_keeps_its_depth():
    t = np.arange(200) * HOP
    f0 = 60.3 + 0.5 * np.sin(2 * np.pi * 5.5 * t)
    tuned = tune(f0, line((0.0, 1.0, 60.0)), [Phone("a", 0.0, 1.0, 0)], {"a"}, HOP, 0.0)
    assert np.ptp(tuned) == pytest.approx(np.ptp(f0), abs=1e-6)
    assert abs(tuned.mean() - 60.0) < 0.1


def test_a_long_note_that_sinks_is_held_up():
    t = np.arange(600) * HOP
    tuned = tune(60 - 0.3 * t, line((0.0, 3.0, 60.0)), [Phone("a", 0.0, 3.0, 0)], {"a"}, HOP, 0.0)
    middle = tuned[150:450]
    assert np.abs(middle - 60.0).max() < 0.05


def test_rests_and_neighbours_are_left_alone():
    phones = [Phone("a", 0.0, 1.0, 0), Phone(REST, 1.0, 1.0), Phone("a", 2.0, 1.0, 1)]
    f0 = np.concatenate([np.full(200, 60.0), np.full(200, 61.0), np.full(200, 62.0)])
    tuned = tune(f0, line((0.0, 1.0, 60.0), (2.0, 3.0, 62.0)), phones, {"a"}, HOP, 0.0)
    assert tuned == pytest.approx(f0, abs=1e-9)


def test_straight_glides_are_centred_on_onsets():
    glides = straight_glides(line((0.0, 1.0, 60.0), (1.0, 2.0, 62.0)), np.array([0.5, 1.0, 1.5]))
    assert glides.tolist() == [60.0, 61.0, 62.0]


def test_a_note_is_performed_from_its_vowel_to_the_next_or_to_a_rest():
    syllable = Syllable("ka", ("k",), ("a",))
    notes = [
        Note(0.5, 0.5, 60, "ka", syllable=syllable),
        Note(1.0, 0.5, 62, "ka", syllable=syllable),
    ]
    phones = [
        Phone(REST, 0.0, 0.45),
        Phone("k", 0.45, 0.07, 0),
        Phone("a", 0.52, 0.38, 0),
        Phone("k", 0.9, 0.08, 1),
        Phone("a", 0.98, 0.42, 1),
        Phone(REST, 1.4, 0.6),
    ]
    performed = performed_line(notes, phones)
    assert performed.onset_s == pytest.approx([0.52, 0.98])
    assert performed.end_s == pytest.approx([0.98, 1.4])
