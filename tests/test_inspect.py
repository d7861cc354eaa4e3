"""What a musician and a program are told of a score."""

from __future__ import annotations

import json

import pytest

from singsynth.inspect import as_text, describe, note_name
from singsynth.song import Note, Part, Remark, Song, Syllable

SONG = Song(
    title="ふるさと",
    duration_s=63.0,
    parts=(
        Part(
            "Soprano",
            (
                Note(0, 1 / 3, 67, "う", bar=1, beat=1, syllable=Syllable("う", (), ("u",))),
                Note(1 / 3, 0.5, 70.5, "", bar=1, beat=1 + 1 / 3),
                Note(62, 1, 61, "さき", bar=12, beat=2, syllable=Syllable("さ", ("s",), ("a",))),
            ),
            "ja",
        ),
        Part("Bass", ()),
    ),
    warnings=(Remark("Soprano", 3, 2.5, "trill ignored"),) * 2,
)


def test_describe_is_json_with_exactly_these_keys() -> None:
    description = json.loads(json.dumps(describe(SONG)))
    assert description["duration_s"] == 63.0
    assert [part["name"] for part in description["parts"]] == ["Soprano", "Bass"]
    assert description["parts"][0]["language"] == "ja"
    assert description["parts"][0]["notes"][0] == {
        "start_s": 0.0,
        "duration_s": 0.333333,
        "pitch": 67,
        "lyric": "う",
        "phones": ["u"],
        "bar": 1,
        "beat": 1.0,
    }
    assert description["parts"][0]["notes"][1]["pitch"] == 70.5
    assert description["parts"][0]["notes"][1]["phones"] == []
    assert description["warnings"][0] == {
        "part": "Soprano",
        "bar": 3,
        "beat": 2.5,
        "message": "trill ignored",
    }


def test_whole_pitches_are_integers() -> None:
    (note, microtone, _) = describe(SONG)["parts"][0]["notes"]
    assert type(note["pitch"]) is int
    assert type(microtone["pitch"]) is float


TABLE = """\
ふるさと, 1:03.00

Soprano (ja): 3 notes, C#4 to B4-50c

  bar:beat       at  length  note    syllable  phones
  --------  -------  ------  ------  --------  ------
       1:1  0:00.00  0.33 s  G4      う        u
    1:1.33  0:00.33  0.50 s  B4-50c  –

      12:2  1:02.00  1.00 s  C#4     さき      s a

Bass: no notes

Worth a look:
  Soprano, bar 3, beat 2.5: trill ignored"""


def test_the_table_is_aligned_and_rests_are_empty_lines() -> None:
    assert as_text(SONG) == TABLE


@pytest.mark.parametrize(
    ("pitch", "name"),
    [
        (69, "A4"),
        (60, "C4"),
        (59, "B3"),
        (61.0, "C#4"),
        (60.25, "C4+25c"),
        (60.5, "C#4-50c"),
        (0, "C-1"),
    ],
)
def test_note_names(pitch: float, name: str) -> None:
    assert note_name(pitch) == name
