"""Controls: frames find their phone, position and phrase."""

import numpy as np
import pytest

from singsynth.model.controls import (
    NUM_PHONE,
    NUM_SEGMENT,
    coarse,
    code_duration,
    frame_times,
    locate,
    merge_continued,
    phone_controls,
)
from singsynth.song import REST, Phone

INDEX = {REST: 0, "k": 1, "a": 2}
PHONES = [
    Phone(REST, 0.0, 0.1),
    Phone("k", 0.1, 0.05, 0),
    Phone("a", 0.15, 0.2, 0),
    Phone("a", 0.35, 0.2, 1, continues=True),
    Phone(REST, 0.55, 0.1),
]


def test_coarse_coding_is_the_papers():
    wanted = [[np.exp(-((x - c) ** 2) / 0.32) for c in (0, 0.5, 1)] for x in (0, 0.3, 1)]
    assert coarse(np.array([0, 0.3, 1.0])) == pytest.approx(np.array(wanted))


def test_a_frame_belongs_to_the_phone_that_starts_at_it():
    starts = np.array([0.0, 0.1, 0.15])
    assert locate(starts, np.array([0.0, 0.099, 0.1, 0.15, 9.0])).tolist() == [0, 0, 1, 2, 2]


def test_a_held_vowel_is_one_phone():
    merged = merge_continued(PHONES)
    assert [(p.symbol, round(p.duration_s, 6)) for p in merged] == [
        (REST, 0.1),
        ("k", 0.05),
        ("a", 0.4),
        (REST, 0.1),
    ]


def test_every_frame_knows_its_neighbours():
    times = np.array([0.05, 0.12, 0.2, 0.5, 0.6])
    identities, numbers = phone_controls(PHONES, INDEX, times)
    assert identities.tolist() == [[0, 0, 1], [0, 1, 2], [1, 2, 0], [1, 2, 0], [2, 0, 0]]
    assert numbers.shape == (5, NUM_PHONE)
    assert numbers.min() >= 0
    assert numbers.max() <= 1


def test_nearness_of_the_phrases_edges():
    times = np.array([0.05, 0.1, 0.3, 0.55, 0.6])
    _, numbers = phone_controls(PHONES, INDEX, times)
    since, until = numbers[:, NUM_SEGMENT], numbers[:, NUM_SEGMENT + 1]
    assert since[[0, 1, 4]] == pytest.approx([1, 1, 1])
    assert since[2] == pytest.approx(np.exp(-0.2 / 0.5))
    assert until[2] == pytest.approx(np.exp(-0.25 / 0.5))
    assert until[3] == pytest.approx(1)


def test_durations_are_coded_from_20_ms_to_4_s():
    assert code_duration(np.array([0.001, 0.02, 4.0, 60.0])).tolist() == [0, 0, 1, 1]


def test_frame_times_start_at_the_origin():
    assert frame_times(3, 0.005, -0.25).tolist() == pytest.approx([-0.25, -0.245, -0.24])
